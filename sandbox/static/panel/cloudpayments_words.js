import { addWords } from "../i18n.js";

addWords({
  cloudTitle: "CloudPayments",
  cloudEmpty: "Nothing has been paid here yet.",
  cloudPage: "page",
  cloudNext: "The shop's next call to CloudPayments:",
  cloudLoseCheck: "lose the question",
  cloud_AwaitingAuthentication: "waits for the bank's code",
  cloud_Authorized: "held",
  cloud_Completed: "paid",
  cloud_Cancelled: "given back before it was taken",
  cloudKept: "Card ··{card} of customer {account}, when it is charged again:",
  cloudPays: "it pays",
}, {
  cloudTitle: "CloudPayments",
  cloudEmpty: "Здесь ещё ничего не оплачивали.",
  cloudPage: "страница",
  cloudNext: "Следующий вызов CloudPayments магазином:",
  cloudLoseCheck: "потерять вопрос",
  cloud_AwaitingAuthentication: "ждёт кода банка",
  cloud_Authorized: "заморожен",
  cloud_Completed: "оплачен",
  cloud_Cancelled: "отпущен без списания",
  cloudKept: "Карта ··{card} покупателя {account} при новом списании:",
  cloudPays: "платит",
});
