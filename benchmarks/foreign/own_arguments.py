"""Arguments of its own: `--currency EUR --sizes s m --table orders`.

They come from `arguments={"currency": "EUR", "sizes": ["s", "m"], "table": "orders"}`.
"""

from locust import HttpUser, constant, events, task


@events.init_command_line_parser.add_listener
def add_arguments(parser):
    group = parser.add_argument_group("shop")
    group.add_argument("--currency", choices=["USD", "EUR"], default="USD")
    group.add_argument("--sizes", nargs="+", default=["l"])
    group.add_argument("--table", required=True, help="where orders are stored")
    group.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--verify", action="store_true")


class Customer(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.options = self.environment.parsed_options
        for _ in range(self.options.warmup):
            self.client.get("/", name="warm-up")

    @task
    def order(self):
        for size in self.options.sizes:
            self.client.post(
                f"/orders/{self.options.table}",
                params={"currency": self.options.currency},
                json={"size": size},
                name=f"order {size} in {self.options.currency}",
            )
