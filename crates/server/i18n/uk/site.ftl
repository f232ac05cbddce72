# Тексти сайту. `code` між зворотними лапками, посилання: [слова](/адреса).

# Навколо кожної сторінки
foot-words = CPA-мережа з відкритим кодом.
look-theme = Тема
look-system = Системна
look-light = Світла
look-dark = Темна
look-density = Рядки
look-wide = Просторо
look-compact = Щільно
nav-api = API
nav-sign-in = Увійти
nav-sign-out = Вийти
save = Зберегти
cancel = Скасувати

# Коли щось не так
wrong-home = На головну
wrong-many-title = Забагато запитів
wrong-many = Один читач стільки не запитує. Зачекайте хвилину та спробуйте знову.
wrong-forbidden-title = Цього вам не можна
wrong-forbidden = Ваш обліковий запис не має права на цю сторінку. Якщо вона потрібна, зверніться до оператора.
wrong-missing-title = Такої сторінки немає
wrong-missing = Можливо, в адресі помилка, або того, що тут було, більше немає.
wrong-conflict-title = Зараз цього зробити не можна
wrong-conflict = Це суперечить тому, що сталося за цей час. Поверніться, оновіть сторінку та подивіться.
wrong-form-title = У формі щось не так
wrong-form = Поверніться та виправте:
wrong-away-title = Не готово
wrong-away = Частина мережі недоступна. Спробуйте трохи згодом: нічого не змінено.
wrong-server-title = Наша помилка
wrong-server = Щось зламалося в нас. Запис про це є в нашому журналі.

# Що зроблено
done-saved = Збережено.
done-signed-out = Ви вийшли.
done-session-ended = Цей сеанс завершено.
done-sessions-ended = Усі інші сеанси завершено.
done-password = Пароль змінено, усі інші сеанси завершено. Ключі API працюють далі.
done-password-keys = Пароль змінено, усі інші сеанси завершено, усі ключі API відкликано. Ключ профілю тепер новий.
done-factor-off = Другий крок вимкнено.
done-key-revoked = Цей ключ більше нічого не відкриває.

# Поля
field-login = Логін
field-password = Пароль
field-new-password = Новий пароль
field-current-password = Теперішній пароль
field-code = Код
field-name = Ім’я
field-key-name = Для чого він
field-email = Пошта
field-telegram = Telegram
field-phone = Телефон
field-site = Ваш сайт
field-language = Мова
field-time-zone = Часовий пояс
field-factor-password = Теперішній пароль
field-rights = Може
field-networks = Лише з цих адрес
field-date-expires = Працює до

# Головна
home-title = Відкрита CPA-мережа
home-head = CPA-мережа, яку можна перевірити
home-lead = Вебмайстри приводять відвідувачів, рекламодавці платять за їхні дії, і обидві сторони бачать, як було ухвалено кожне рішення.
home-api = Довідник API
home-clicks-head = Жоден клік не губиться
home-clicks = Клік записано на диск раніше, ніж відвідувач іде далі, і він зберігає причину, чому той потрапив саме туди.
home-leads-head = Жоден лід не приховано
home-leads = Кожен лід розповідає всю свою історію: клік, ставку, хто й чому вирішив, коли його оплатять.
home-money-head = Гроші сходяться
home-money = Гроші ходять між рахунками, сума яких дорівнює нулю. Нічого не переписується, тож будь-хто може перерахувати.
home-offers = Офери
home-count = { $count ->
    [one] { $count } публічний офер
    [few] { $count } публічні офери
   *[other] { $count } публічних оферів
}
home-empty = Публічних оферів поки немає.

# Вхід
sign-in-title = Вхід
sign-in-wrong = Логін або пароль неправильні.
sign-in-later = Забагато спроб. Спробуйте знову через { $count ->
    [one] { $count } хвилину
    [few] { $count } хвилини
   *[other] { $count } хвилин
}.
code-title = Ще один крок
code-about = Введіть код, який зараз показує застосунок. Якщо застосунок утрачено, введіть один із кодів відновлення.
code-wrong = Код неправильний або вже використаний.
code-send = Далі
code-anew = Почати знову

# Перший запуск
setup-title = Налаштування мережі
setup-about = Створіть першого оператора. Ця сторінка спрацює один раз.
setup-name = Як його називати
setup-create = Створити оператора
setup-done-title = Оператора створено
setup-done = Ця сторінка більше не працює. Увійдіть із логіном і паролем, які ви щойно обрали.
setup-closed-title = Це посилання не працює
setup-closed = Посилання налаштування спрацьовує один раз і лише до наступного запуску сервера.

# Свій обліковий запис
menu-own-account = Профіль
menu-own-security = Пароль і сеанси
menu-own-keys = Ключі API
account-title = Профіль
account-id = Номер
account-aff = Партнерський номер
account-since = З нами з
account-manager = Ваш менеджер
account-password-hint = Потрібен лише щоб змінити пошту.
security-title = Пароль і сеанси
password-head = Пароль
password-change = Змінити пароль
password-keys = Відкликати й мої ключі API: ключ профілю буде новим
password-hint = Щонайменше 8 символів; кілька слів краще за одне.
factor-title = Другий крок із застосунком
factor-head = Другий крок
factor-about = Із застосунком на телефоні самого пароля замало: під час входу питається код, який він показує. Підійде будь-який застосунок для таких кодів.
factor-begin = Налаштувати
factor-on = Увімкнено.
factor-left = { $count ->
    [0] Кодів відновлення не лишилося: створіть нові.
    [one] Лишився { $count } код відновлення.
    [few] Лишилося { $count } коди відновлення.
   *[other] Лишилося { $count } кодів відновлення.
}
factor-renew = Нові коди відновлення
factor-remove = Вимкнути
factor-codes-head = Ваші коди відновлення
factor-codes = Кожен спрацьовує один раз замість коду із застосунку. Роздрукуйте або запишіть їх зараз: більше вони не показуються.
factor-step-app = Відкрийте на телефоні застосунок для кодів.
factor-step-scan = Відскануйте ним цей квадрат.
factor-step-type = Або введіть у нього вручну:
factor-step-code = Введіть код, який він показує.
factor-qr = QR-код із секретом для застосунку
factor-confirm = Увімкнути
sessions-head = Де ви ввійшли
sessions-about = Якщо якийсь із сеансів вам незнайомий, завершіть його та змініть пароль.
sessions-browser = Браузер
sessions-address = Адреса
sessions-begun = Вхід
sessions-used = Останнє звернення
sessions-this = Цей
sessions-end = Завершити
sessions-end-others = Завершити інші
keys-title = Ключі API
keys-about = Із ключем програма робить те, що можна вам.
keys-made-head = Ваш новий ключ
keys-made = Запишіть його зараз: більше він не показується.
keys-profile-head = Ключ облікового запису
keys-profile = Він може все, що можете ви. Програмам давайте власні ключі, які можуть менше.
keys-show = Показати
keys-replace = Замінити
keys-replace-about = Теперішній одразу перестане працювати.
keys-extra-head = Ключі програм
keys-none = Поки немає. Заведіть по одному на програму: тоді в однієї його можна відібрати, а інші не помітять.
keys-begins = Починається з
keys-everywhere = звідусіль
keys-never = без строку
keys-unused = ще не було
keys-revoke = Відкликати
keys-create-head = Ще один ключ
keys-create = Створити ключ
keys-networks-hint = Наприклад 203.0.113.7,2001:db8::/48. Порожньо — звідусіль.
rights-read = лише читати
rights-write = читати та змінювати, але не рухати гроші
rights-money = усе, що можна мені


# Списки
any = будь-який
choose = оберіть
more = і ще { $count }
show = Показати
filter-clear = Скинути
pages-label = Сторінки списку
pages-before = Назад
pages-after = Далі
pages-of = сторінка { $page } з { $last }
days = { $count ->
    [one] { $count } день
    [few] { $count } дні
   *[other] { $count } днів
}

# Публічні сторінки
nav-offers = Офери
nav-news = Новини
nav-help = Допомога
nav-register = Реєстрація
home-all = Усі офери
home-news = Новини
home-steps-head = Як це працює
home-step-offer = Оберіть офер: скільки і за що платять, з яких країн і скільки лідів підтверджено.
home-step-link = Створіть посилання, хоч на власному припаркованому домені, і ведіть через нього відвідувачів.
home-step-paid = Дивіться, як кожен лід чекає, підтверджується, проходить холд і стає грошима, які ви виводите.
home-web = Я приводжу відвідувачів
home-adv = Я плачу за дії
offers-title = Офери
offers-none = Таких оферів немає. Приберіть якусь умову й подивіться знову.
sort-rating = спершу найкращі
sort-date = спершу нові
sort-name = за назвою
sort-approve_rate = за підтвердженням
field-search = Назва або номер
field-categories = Категорії
field-geo = Регіони
field-traffic = Трафік
field-sort = Порядок
offer-stopped = зупинено
offer-recommended = радимо
offer-new = новий
offer-exclusive = лише тут
offer-deeplink = диплінки
offer-mobile = для телефонів
offer-approved = Підтверджують
offer-cr = Лідів на сто кліків
offer-epc = Дохід із кліка
offer-rating = Рейтинг
offer-decided = Вирішують у середньому за
offer-hours = { $hours } год
offer-promise = Обіцяно вирішувати за
offer-cookie = Cookie живе
offer-late = Після зупинки або ліміту
offer-allowed = Дозволений трафік
offer-forbidden = Заборонений трафік
offer-calls = Кол-центр
offer-goals = За що платять
offer-goal = Дія
offer-pays = Платять
offer-hold = Холд
offer-about = Про офер
offer-rules = Правила
offer-landings = Посадкові сторінки
offer-register = Зареєструватися й працювати
offer-connected = Ви працюєте з цим офером.
offer-ask-about = Попросіть підключити вас. Одні офери підключають одразу, в інших вирішує рекламодавець.
offer-ask-words = Як ви приводитимете відвідувачів?
offer-ask = Підключитися
offer-connection = Ваше підключення:
done-connected = Ви попросили підключити цей офер.
news-title = Новини
news-none = Новин поки немає.
news-important = прочитати обов’язково
news-unread = не прочитано
register-title = Реєстрація
register-about = Кожен новий обліковий запис до відкриття дивиться оператор. Розкажіть йому те, що треба знати.
register-webmaster = Я приводжу відвідувачів (вебмайстер)
register-advertiser = Я плачу за дії (рекламодавець)
register-name = Як вас називати
register-contact = Пошта або Telegram: оператор повинен мати змогу з вами зв’язатися.
register-about-hint = Вебмайстрам: звідки ваші відвідувачі. Рекламодавцям: що і в яких країнах ви продаєте.
register-create = Подати заявку
register-done-title = Ваша заявка чекає на оператора
register-done = Оператор подивиться, що ви написали. До того під час входу буде сказано, що заявка чекає; потім вхід просто запрацює. Листа про це мережа не надсилає, тож заходьте.
sign-in-waits = Ваша заявка чекає на оператора. Спробуйте пізніше.
sign-in-register = Ще немає облікового запису?
field-level = Хто ви
field-about = Про вашу роботу
help-title = Допомога
