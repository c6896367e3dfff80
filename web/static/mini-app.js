/* The entry of the Mini App: launch data of the address are shown to the shop once, which answers where to go on. The
   other parameters (version, platform, theme) go along behind the # of that page, the launch data do not. */
"use strict";
(function () {
  var params = new URLSearchParams(location.hash.slice(1));
  var initData = params.get("tgWebAppData");
  params.delete("tgWebAppData");

  function show(id, visible) {
    document.getElementById(id).hidden = !visible;
  }

  function refuse(said) {
    if (said) document.getElementById("said").textContent = said;
    show("opening", false);
    show("refused", true);
  }

  function enter() {
    show("refused", false);
    show("wrong", true);
    show("no-cookies", false);
    show("opening", true);
    fetch("/mini-app/session", { method: "POST", body: new URLSearchParams({ init_data: initData || "" }) })
      .then(function (answer) { return answer.json(); })
      .then(function (told) {
        if (!told.next) return refuse(told.said);
        return fetch("/mini-app/session").then(function (look) { return look.json(); }).then(function (kept) {
          if (kept.signed_in) return location.replace(told.next + "#" + params.toString());
          show("wrong", false);
          show("no-cookies", true);
          refuse();
        });
      })
      .catch(function () { refuse(); });
  }

  if (initData === null && !params.has("tgWebAppVersion")) {
    location.replace("/"); // a tab of a browser, without Telegram
    return;
  }
  document.getElementById("again").addEventListener("click", enter);
  enter();
})();
