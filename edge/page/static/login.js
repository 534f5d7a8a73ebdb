// Sends the password, and a set-up code where one is given; says what is wrong.
const element = (id) => document.getElementById(id);

element("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  element("wrong").textContent = "Checking ...";
  element("wrong").textContent = await attempt();
  button.disabled = false;
  if (element("wrong").textContent.includes("set-up code")) element("first").open = true;
});

async function attempt() {
  const given = { password: element("password").value, code: element("code").value.trim() };
  try {
    const answer = await fetch("/login", { method: "POST", body: JSON.stringify(given) });
    const { error } = await answer.json();
    if (!error) location.replace("/");
    return error ?? "";
  } catch {
    return "The page does not answer; is the scanner switched on, and this device in the same network?";
  }
}
