/* Selectors, buttons, links to folded runs, and printing. */

for (const select of document.querySelectorAll(".choice select")) {
  select.addEventListener("change", () => {
    for (const figure of select.closest("[data-run]").querySelectorAll(".chart")) if (drawn.has(figure)) draw(figure);
  });
}

const THEMES = ["system", "light", "dark"];
const theme = document.getElementById("theme");
const setTheme = (name) => {
  root.dataset.theme = name;
  theme.textContent = `Theme: ${name}`;
  redraw();
};
theme.addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length]));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

for (const button of document.querySelectorAll(".copy")) {
  const command = button.closest("section").querySelector("code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(command); // a browser that lets no page near the clipboard
      button.textContent = "Selected: press Ctrl+C";
    }
  });
}

const folds = [...document.querySelectorAll(".fold")];
const unfold = () => {
  const fold = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.querySelector(".fold");
  if (!fold || fold.open) return;
  fold.open = true;
  fold.closest("article").scrollIntoView();
};
addEventListener("hashchange", unfold);
for (const link of document.querySelectorAll('a[href^="#"]')) link.addEventListener("click", () => setTimeout(unfold)); // the hash may be there already
unfold();

let before = { theme: root.dataset.theme, closed: [] };
addEventListener("beforeprint", () => {
  before = { theme: root.dataset.theme, closed: folds.filter((fold) => !fold.open) };
  for (const fold of folds) fold.open = true;
  figures.filter((figure) => !drawn.has(figure)).forEach(draw);
  setTheme("light"); // on paper
});
addEventListener("afterprint", () => {
  for (const fold of before.closed) fold.open = false;
  setTheme(before.theme);
});
