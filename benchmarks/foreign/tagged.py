"""Tags say which tasks run: `--tags buy`, and `tags="buy"` of `perf_load`, leave out the others."""

from locust import HttpUser, TaskSet, constant, tag, task


class Customer(HttpUser):
    wait_time = constant(0.1)

    @tag("buy")
    @task
    def order(self):
        self.client.post("/orders", json={"product": 7})

    @tag("buy", "read")
    @task
    def cart(self):
        self.client.get("/cart")

    @tag("slow")
    @task
    def report(self):
        self.client.get("/report")

    @task
    class Reviews(TaskSet):
        @tag("buy")
        @task
        def write(self):
            self.client.post("/reviews", json={"stars": 5})
            self.interrupt()
