"""The file forgets its ramp-up: it resets Locust's statistics when all users are there."""

from locust import HttpUser, constant, events, run_single_user, task


@events.spawning_complete.add_listener
def on_spawning_complete(user_count, **_kwargs):
    print(f"{user_count} users: from here on it counts")
    Customer.environment.stats.reset_all()


@events.init.add_listener
def on_init(environment, **_kwargs):
    Customer.environment = environment


class Customer(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.client.post("/login", json={"name": "ann"})

    @task
    def product(self):
        self.client.get("/products/7")


if __name__ == "__main__":  # python reset_statistics.py, under a debugger
    run_single_user(Customer)
