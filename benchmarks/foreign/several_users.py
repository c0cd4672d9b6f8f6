"""Three classes of users: two share the number by weight, of the third there is one in any case."""

from locust import FastHttpUser, HttpUser, between, constant, task


class Person(HttpUser):
    abstract = True
    wait_time = between(0.05, 0.2)

    @task
    def home(self):
        self.client.get("/", name=f"home of {type(self).__name__}")


class Customer(Person):
    weight = 3

    @task(2)
    def buy(self):
        self.client.post("/orders", json={"product": 7})


class Visitor(Person):
    weight = 1


class Monitor(FastHttpUser):
    fixed_count = 1
    wait_time = constant(0.2)

    @task
    def health(self):
        self.client.get("/health")
