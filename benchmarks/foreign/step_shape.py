"""A load shape in steps: two more users each second, four seconds long."""

from locust import HttpUser, LoadTestShape, constant, task


class Customer(HttpUser):
    wait_time = constant(0.1)

    @task
    def product(self):
        self.client.get("/products/7")


class Steps(LoadTestShape):
    step_s = 1
    users_per_step = 2
    end_s = 4

    def tick(self):
        run_time_s = self.get_run_time()
        if run_time_s > self.end_s:
            return None
        return (int(run_time_s / self.step_s) + 1) * self.users_per_step, 10
