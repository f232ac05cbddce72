# Тексты сайта. `code` между обратными кавычками, ссылки: [слова](/адрес).

# Вокруг каждой страницы
foot-words = CPA-сеть с открытым кодом.
look-theme = Тема
look-system = Системная
look-light = Светлая
look-dark = Тёмная
look-density = Строки
look-wide = Просторно
look-compact = Плотно
nav-api = API
nav-sign-in = Войти
nav-sign-out = Выйти
save = Сохранить
cancel = Отмена

# Когда что-то не так
wrong-home = На главную
wrong-many-title = Слишком много запросов
wrong-many = Один читатель столько не запрашивает. Подождите минуту и попробуйте снова.
wrong-forbidden-title = Этого вам нельзя
wrong-forbidden = У вашей учётной записи нет права на эту страницу. Если она нужна, обратитесь к оператору.
wrong-missing-title = Такой страницы нет
wrong-missing = Возможно, в адресе опечатка, или того, что здесь было, больше нет.
wrong-conflict-title = Сейчас этого сделать нельзя
wrong-conflict = Это противоречит тому, что произошло за это время. Вернитесь, обновите страницу и посмотрите.
wrong-form-title = В форме что-то не так
wrong-form = Вернитесь и исправьте:
wrong-away-title = Не готово
wrong-away = Часть сети недоступна. Попробуйте чуть позже: ничего не изменено.
wrong-server-title = Наша ошибка
wrong-server = Что-то сломалось у нас. Запись об этом есть в нашем журнале.

# Что сделано
done-saved = Сохранено.
done-signed-out = Вы вышли.
done-session-ended = Этот сеанс завершён.
done-sessions-ended = Все остальные сеансы завершены.
done-password = Пароль изменён, все остальные сеансы завершены. Ключи API продолжают работать.
done-password-keys = Пароль изменён, все остальные сеансы завершены, все ключи API отозваны. Ключ профиля теперь новый.
done-factor-off = Второй шаг отключён.
done-key-revoked = Этот ключ больше ничего не открывает.

# Поля
field-login = Логин
field-password = Пароль
field-new-password = Новый пароль
field-current-password = Нынешний пароль
field-code = Код
field-name = Имя
field-key-name = Для чего он
field-email = Почта
field-telegram = Telegram
field-phone = Телефон
field-site = Ваш сайт
field-language = Язык
field-time-zone = Часовой пояс
field-factor-password = Нынешний пароль
field-rights = Может
field-networks = Только с этих адресов
field-date-expires = Работает до

# Главная
home-title = Открытая CPA-сеть
home-head = CPA-сеть, которую можно проверить
home-lead = Вебмастера приводят посетителей, рекламодатели платят за их действия, и обе стороны видят, как было принято каждое решение.
home-api = Справочник API
home-clicks-head = Ни один клик не теряется
home-clicks = Клик записан на диск раньше, чем посетитель уходит дальше, и хранит причину, почему он попал именно туда.
home-leads-head = Ни один лид не скрыт
home-leads = Каждый лид рассказывает всю свою историю: клик, ставку, кто и почему решил, когда его оплатят.
home-money-head = Деньги сходятся
home-money = Деньги ходят между счетами, сумма которых равна нулю. Ничего не переписывается, так что любой может пересчитать.
home-offers = Офферы
home-count = { $count ->
    [one] { $count } публичный оффер
    [few] { $count } публичных оффера
   *[other] { $count } публичных офферов
}
home-empty = Публичных офферов пока нет.

# Вход
sign-in-title = Вход
sign-in-wrong = Логин или пароль неверны.
sign-in-later = Слишком много попыток. Попробуйте снова через { $count ->
    [one] { $count } минуту
    [few] { $count } минуты
   *[other] { $count } минут
}.
code-title = Ещё один шаг
code-about = Введите код, который сейчас показывает приложение. Если приложение потеряно, введите один из кодов восстановления.
code-wrong = Код неверный или уже использован.
code-send = Дальше
code-anew = Начать заново

# Первый запуск
setup-title = Настройка сети
setup-about = Создайте первого оператора. Эта страница сработает один раз.
setup-name = Как его называть
setup-create = Создать оператора
setup-done-title = Оператор создан
setup-done = Эта страница больше не работает. Войдите с логином и паролем, которые вы только что выбрали.
setup-closed-title = Эта ссылка не работает
setup-closed = Ссылка настройки срабатывает один раз и только до следующего запуска сервера.

# Своя учётная запись
menu-own-account = Профиль
menu-own-security = Пароль и сеансы
menu-own-keys = Ключи API
account-title = Профиль
account-id = Номер
account-aff = Партнёрский номер
account-since = С нами с
account-manager = Ваш менеджер
account-password-hint = Нужен только чтобы сменить почту.
security-title = Пароль и сеансы
password-head = Пароль
password-change = Сменить пароль
password-keys = Отозвать и мои ключи API: ключ профиля будет новым
password-hint = Не меньше 8 символов; несколько слов лучше одного.
factor-title = Второй шаг с приложением
factor-head = Второй шаг
factor-about = С приложением на телефоне одного пароля мало: при входе спрашивается код, который оно показывает. Подойдёт любое приложение для таких кодов.
factor-begin = Настроить
factor-on = Включён.
factor-left = { $count ->
    [0] Кодов восстановления не осталось: создайте новые.
    [one] Остался { $count } код восстановления.
    [few] Осталось { $count } кода восстановления.
   *[other] Осталось { $count } кодов восстановления.
}
factor-renew = Новые коды восстановления
factor-remove = Отключить
factor-codes-head = Ваши коды восстановления
factor-codes = Каждый срабатывает один раз вместо кода из приложения. Распечатайте или запишите их сейчас: больше они не показываются.
factor-step-app = Откройте на телефоне приложение для кодов.
factor-step-scan = Отсканируйте им этот квадрат.
factor-step-type = Или введите в него вручную:
factor-step-code = Введите код, который оно показывает.
factor-qr = QR-код с секретом для приложения
factor-confirm = Включить
sessions-head = Где вы вошли
sessions-about = Если какой-то из сеансов вам незнаком, завершите его и смените пароль.
sessions-browser = Браузер
sessions-address = Адрес
sessions-begun = Вход
sessions-used = Последнее обращение
sessions-this = Этот
sessions-end = Завершить
sessions-end-others = Завершить остальные
keys-title = Ключи API
keys-about = С ключом программа делает то, что можно вам.
keys-made-head = Ваш новый ключ
keys-made = Запишите его сейчас: больше он не показывается.
keys-profile-head = Ключ учётной записи
keys-profile = Он может всё, что можете вы. Программам давайте свои ключи, которые могут меньше.
keys-show = Показать
keys-replace = Заменить
keys-replace-about = Нынешний сразу перестанет работать.
keys-extra-head = Ключи программ
keys-none = Пока нет. Заведите по одному на программу: тогда у одной его можно отобрать, а другие не заметят.
keys-begins = Начинается с
keys-everywhere = отовсюду
keys-never = без срока
keys-unused = ещё не было
keys-revoke = Отозвать
keys-create-head = Ещё один ключ
keys-create = Создать ключ
keys-networks-hint = Например 203.0.113.7,2001:db8::/48. Пусто — отовсюду.
rights-read = только читать
rights-write = читать и менять, но не двигать деньги
rights-money = всё, что можно мне


# Списки
any = любой
choose = выберите
more = и ещё { $count }
show = Показать
filter-clear = Сбросить
pages-label = Страницы списка
pages-before = Назад
pages-after = Дальше
pages-of = страница { $page } из { $last }
days = { $count ->
    [one] { $count } день
    [few] { $count } дня
   *[other] { $count } дней
}

# Публичные страницы
nav-offers = Офферы
nav-news = Новости
nav-help = Помощь
nav-register = Регистрация
home-all = Все офферы
home-news = Новости
home-steps-head = Как это работает
home-step-offer = Выберите оффер: сколько и за что платят, из каких стран и сколько лидов подтверждено.
home-step-link = Создайте ссылку, хоть на своём припаркованном домене, и ведите через неё посетителей.
home-step-paid = Смотрите, как каждый лид ждёт, подтверждается, проходит холд и становится деньгами, которые вы выводите.
home-web = Я привожу посетителей
home-adv = Я плачу за действия
offers-title = Офферы
offers-none = Таких офферов нет. Уберите какое-нибудь условие и посмотрите снова.
sort-rating = сначала лучшие
sort-date = сначала новые
sort-name = по названию
sort-approve_rate = по подтверждению
field-search = Название или номер
field-categories = Категории
field-geo = Регионы
field-traffic = Трафик
field-sort = Порядок
offer-stopped = остановлен
offer-recommended = рекомендуем
offer-new = новый
offer-exclusive = только здесь
offer-deeplink = диплинки
offer-mobile = для телефонов
offer-approved = Подтверждают
offer-cr = Лидов на сто кликов
offer-epc = Доход с клика
offer-rating = Рейтинг
offer-decided = Решают в среднем за
offer-hours = { $hours } ч
offer-promise = Обещано решать за
offer-cookie = Cookie живёт
offer-late = После остановки или лимита
offer-allowed = Разрешённый трафик
offer-forbidden = Запрещённый трафик
offer-calls = Колл-центр
offer-goals = За что платят
offer-goal = Действие
offer-pays = Платят
offer-hold = Холд
offer-about = Об оффере
offer-rules = Правила
offer-landings = Посадочные страницы
offer-register = Зарегистрироваться и работать
offer-connected = Вы работаете с этим оффером.
offer-ask-about = Попросите подключить вас. Одни офферы подключают сразу, у других решает рекламодатель.
offer-ask-words = Как вы будете приводить посетителей?
offer-ask = Подключиться
offer-connection = Ваше подключение:
done-connected = Вы попросили подключить этот оффер.
news-title = Новости
news-none = Новостей пока нет.
news-important = прочитать обязательно
news-unread = не прочитано
register-title = Регистрация
register-about = Каждую новую учётную запись до открытия смотрит оператор. Расскажите ему то, что нужно знать.
register-webmaster = Я привожу посетителей (вебмастер)
register-advertiser = Я плачу за действия (рекламодатель)
register-name = Как вас называть
register-contact = Почта или Telegram: оператор должен иметь возможность с вами связаться.
register-about-hint = Вебмастерам: откуда ваши посетители. Рекламодателям: что и в каких странах вы продаёте.
register-create = Подать заявку
register-done-title = Ваша заявка ждёт оператора
register-done = Оператор посмотрит, что вы написали. До тех пор при входе будет сказано, что заявка ждёт; потом вход просто заработает. Письма об этом сеть не присылает, поэтому заглядывайте.
sign-in-waits = Ваша заявка ждёт оператора. Попробуйте позже.
sign-in-register = Ещё нет учётной записи?
field-level = Кто вы
field-about = О вашей работе
help-title = Помощь
