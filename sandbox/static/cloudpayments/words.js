const EN = {
  title: "Payment",
  brand: "CloudPayments · sandbox",
  test: "Test mode: no money is taken",
  to: "to {shop}",
  testCard: "Test card",
  number: "Card number",
  expiry: "Expires",
  code: "Code",
  pay: "Pay {amount}",
  email: "The receipt goes to {email}",
  secure: "Confirm the payment",
  secureText: "The bank has sent a code to your phone. As this is a sandbox, any code is right.",
  smsCode: "Code from the message",
  confirm: "Confirm",
  wrong: "The code does not come",
  declined: "The payment did not go through: {reason}. Nothing was taken; try again or take another card.",
  declineTitle: "Play a refusal",
  declineHint: "The bank says no, for a reason of your choice.",
  reason: "Reason",
  decline: "Decline the payment",
  leave: "Back to the shop without paying",
  done: "Paid",
  doneText: "{shop} has got {amount}. You can go back.",
  held: "The money is held",
  heldText: "{amount} wait until {shop} takes them. You can go back.",
  cancelled: "The link works no more",
  cancelledText: "The shop has closed it. Nothing was taken: ask the shop for a new link.",
  back: "Back to {shop}",
  unknown: "There is no such page",
  unknownText: "Perhaps the sandbox was started anew: it forgets everything then.",
  offline: "No connection. Trying again…",
  badCard: "A card number has 16 to 19 digits",
  cards: { 4242: "with 3-D Secure", 4444: "with 3-D Secure", "0004": "with 3-D Secure", 3055: "pays at once", 1111: "pays once, declined later", 1881: "no money", 5556: "no money" },
  refusals: {
    3001: "the shop knows no such order", 3002: "it is another customer's order", 3003: "the shop wants another sum", 3004: "the shop takes it no more",
    3005: "the link has expired", 3006: "the shop's answer was not understood", 3008: "the shop does not answer",
    5001: "the bank wants a call", 5003: "the bank does not trust the shop", 5005: "the bank gives no reason", 5012: "not for this card", 5013: "the sum is wrong",
    5014: "wrong card number", 5017: "the owner refused", 5030: "an error of the network", 5033: "the card has expired, to be kept by the bank",
    5034: "fraud suspected", 5041: "the card is lost", 5043: "the card is stolen", 5051: "not enough money", 5054: "the card has expired", 5055: "wrong PIN",
    5057: "not allowed for this card", 5058: "not allowed in this shop", 5059: "fraud suspected by the bank", 5063: "the card is blocked", 5065: "over the card's limit", 5082: "wrong security code",
    5091: "the bank does not answer", 5092: "the bank cannot be reached", 5096: "an error of the bank", 5206: "3-D Secure failed",
    5207: "3-D Secure is not available", 5300: "stopped by antifraud", 6025: "the card was kept for another terminal",
  },
};

const RU = {
  title: "Оплата",
  brand: "CloudPayments · песочница",
  test: "Тестовый режим: деньги не списываются",
  to: "в магазин {shop}",
  testCard: "Тестовая карта",
  number: "Номер карты",
  expiry: "Срок",
  code: "Код",
  pay: "Оплатить {amount}",
  email: "Чек придёт на {email}",
  secure: "Подтвердите платёж",
  secureText: "Банк прислал код на ваш телефон. А раз это песочница — подойдёт любой.",
  smsCode: "Код из сообщения",
  confirm: "Подтвердить",
  wrong: "Код не приходит",
  declined: "Платёж не прошёл: {reason}. Деньги не списаны — попробуйте ещё раз или другой картой.",
  declineTitle: "Разыграть отказ",
  declineHint: "Банк откажет по причине, которую вы выберете.",
  reason: "Причина",
  decline: "Отказать в платеже",
  leave: "Вернуться в магазин без оплаты",
  done: "Оплачено",
  doneText: "Магазин {shop} получил {amount}. Можно возвращаться.",
  held: "Деньги заморожены",
  heldText: "{amount} ждут, пока {shop} их заберёт. Можно возвращаться.",
  cancelled: "Ссылка больше не действует",
  cancelledText: "Магазин её закрыл. Деньги не списаны: попросите у магазина новую ссылку.",
  back: "Вернуться в {shop}",
  unknown: "Такой страницы нет",
  unknownText: "Возможно, песочницу перезапустили: тогда она всё забывает.",
  offline: "Нет связи. Пробуем ещё раз…",
  badCard: "В номере карты от 16 до 19 цифр",
  cards: { 4242: "с 3-D Secure", 4444: "с 3-D Secure", "0004": "с 3-D Secure", 3055: "платит сразу", 1111: "заплатит один раз", 1881: "нет денег", 5556: "нет денег" },
  refusals: {
    3001: "магазин не знает такого заказа", 3002: "это заказ другого покупателя", 3003: "магазин ждёт другую сумму", 3004: "магазин больше не принимает оплату",
    3005: "время ссылки вышло", 3006: "ответ магазина не понят", 3008: "магазин не отвечает",
    5001: "банк просит позвонить", 5003: "банк не доверяет магазину", 5005: "банк не назвал причину", 5012: "операция запрещена для карты", 5013: "неверная сумма",
    5014: "неверный номер карты", 5017: "владелец карты отказался", 5030: "ошибка сети", 5033: "срок карты истёк, карту изымают",
    5034: "подозрение на мошенничество", 5041: "карта потеряна", 5043: "карта украдена", 5051: "недостаточно денег", 5054: "срок карты истёк", 5055: "неверный ПИН-код",
    5057: "карте это запрещено", 5058: "магазину это запрещено", 5059: "банк подозревает мошенничество", 5063: "карта заблокирована", 5065: "превышен лимит карты", 5082: "неверный код карты",
    5091: "банк не отвечает", 5092: "с банком нет связи", 5096: "ошибка банка", 5206: "не пройдена проверка 3-D Secure",
    5207: "проверка 3-D Secure недоступна", 5300: "платёж остановлен антифродом", 6025: "карту запомнил другой терминал",
  },
};

let words = EN;

/** `?lang=`, else what the shop asked for, else the browser's language. */
export function chooseLanguage(locale) {
  const wanted = new URLSearchParams(location.search).get("lang") ?? locale ?? navigator.language;
  const isRussian = wanted.toLowerCase().startsWith("ru");
  words = isRussian ? RU : EN;
  document.documentElement.lang = isRussian ? "ru" : "en";
}

export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const refusal = (code) => words.refusals[code] ?? String(code);
export const cardWord = (number) => words.cards[number.slice(-4)] ?? "";

/** `100.00` of RUB as people write it; kopecks only where there are some. */
export function money({ value, currency }) {
  const digits = value.endsWith(".00") ? 0 : 2;
  const format = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  return new Intl.NumberFormat(document.documentElement.lang, {
    ...format, minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(Number(value));
}
