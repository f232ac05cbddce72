# Texts of the reference pages. `code` stands between backticks, links are [words](/address).

skip = Skip to the text
soon = soon
required = required
copy = Copy
copied = Copied

nav-pages = Pages
nav-changes = Changes
nav-explore = Explorer
nav-languages = Languages
nav-levels = Levels of access
level-guest = Guest
level-webmaster = Webmaster
level-advertiser = Advertiser
level-operator = Operator

key-label = API key
key-placeholder = paste a key to fill the examples
key-note = stays in this tab only
key-own = your own key: you are signed in
key-sign-in = Sign in to see yours

menu-title = Resources and methods
menu-filter = Find a resource
menu-none = Nothing has this name.
menu-about = About this level
menu-catalogue = Catalogue
menu-traffic = Traffic
menu-leads = Leads and statistics
menu-postbacks = Postbacks
menu-money = Money
menu-account = Account

missing-title = There is no such page
missing-text = The address may be mistyped, or this level of access may not have the method. The menu lists everything that it has.

changes-title = Changes of the API
changes-lead = What changed for programs, the newest first. Each change is also told as a piece of system news, so that a program can read of it with `news / list`.

explore-title = Explorer
explore-lead = The whole API as its [OpenAPI document](/api/openapi.json) describes it, drawn by Swagger UI. Methods that are still being built answer `501`.
explore-noscript = The explorer needs JavaScript. The [reference pages](/apidocs/guest/overview/about) work without it.

reach-own = Reaches only what is yours.
reach-guest = Needs no key.
reach-all = Reaches everything that this level may see.
reach-levels = Levels that have this method:
soon-note = This method is announced and answers `501` until it is there. Its parameters and fields are what it will have.
soon-bare = This method is announced and answers `501` until it is there.

params-title = Parameters
params-id = `id` of the object stands in the address.
params-none = None.
params-query = They stand in the query string.
params-body = They stand in the body: as a form, as `multipart/form-data` or as JSON.
kind-int = number
kind-text = text
kind-bool = bool
kind-date = date
kind-decimal = decimal
kind-json = JSON
kind-money = decimal text
kind-length = { $of } characters
kind-code = code
kind-word = word
kind-file = file
kind-object = object
kind-list = list: { $of }
kind-nullable = { $of } or null
kind-or-list = { $of }, or several

answer-title = Answer
answer-objects = Status `200`. `objects` is a list of objects with these fields.
answer-paged = Beside it stand `total_count`, `per_page` and `page`.
answer-beside = Beside the objects stands:
answer-object = Status `200`. `object` has these fields.
answer-created = Status `201`. `created` is the id of the new object.
answer-created-more = Beside it stand these fields, except `id`.
answer-id = Status `200`. `{ $field }` is the id of the object.

errors-title = Errors
errors-shape = The answer then has only `error`: a text, or an object with a list of messages for each wrong parameter.
errors-code = Code
errors-meaning = Meaning
refusal-400 = A parameter is wrong, missing or unknown, or the request cannot be read
refusal-401 = No key where one is needed, or a wrong one
refusal-403 = Your level or your key may not use this method
refusal-404 = No such object; what belongs to others answers the same
refusal-408 = The body did not arrive in time
refusal-409 = The request contradicts the present state, or its twin is still running
refusal-413 = The body is too long
refusal-414 = The address is too long
refusal-415 = The body is of a type that is not read
refusal-422 = The `Idempotency-Key` was used with another request
refusal-429 = Too many requests; repeat after the seconds in `Retry-After`
refusal-431 = The headers are too many or too long
refusal-500 = Our fault; it is in our log under the answer's `X-Request-Id`
refusal-501 = The method is announced and not there yet
refusal-503 = Not ready; repeat after the seconds in `Retry-After`
code-200 = Done
code-201 = Created
code-405 = The resource has this method at no level; `Allow` names those that it has
idempotency-short = With a header `Idempotency-Key` the request may be repeated safely: it is done once.

samples-title = Request
samples-ids = Ids of your own belong here. With your key above, the page puts one in where nothing of yours would change:
response-title = Answer
response-real = Taken from a real network made for these examples.
response-cut = Long lists are cut to their first elements.

try-title = Try it here
try-send = Send
try-sending = Sending…
try-failed = The request could not be sent:
try-id-missing = Write an id first.
try-writes = This request changes data in this very network.
try-headers = Headers
try-noscript = With JavaScript you can send requests from this page.

about-short = API
about-title-guest = API for guests
about-title-webmaster = API for webmasters
about-title-advertiser = API for advertisers
about-title-operator = API for operators
about-lead = Your programs can do what you do on the site: read offers and statistics, send and decide leads, and more. Every request is plain HTTP, every answer is JSON. The same for machines: the [OpenAPI document](/api/openapi.json).
about-count =
    { $methods ->
        [one] This level has { $methods } method.
       *[other] This level has { $methods } methods.
    }
about-soon =
    { $methods ->
        [one] { $methods } of them is marked soon: it is announced with its parameters and fields and answers `501`.
       *[other] { $methods } of them are marked soon: they are announced with their parameters and fields and answer `501`.
    }

key-title = Your key
key-guest = Guests need no key: what the public site shows is open to all. With a key you are whoever the key belongs to.
key-account = Say who you are with every request. Your key stands in your profile; for each program make a key of its own with `key / create`, with only the rights it needs, so that you can revoke it alone.
key-place = Where
key-example = Example
key-header = Header, the best place
key-bearer = Header, as many libraries send it
key-param = Parameter of the query or the body
key-wrong = Addresses are written to logs on their way, so prefer a header. A wrong key is refused with `401` everywhere, also where no key is needed.
key-page = Write your key into the field at the top of the page: it fills all examples and is sent with what you try here. It is kept in this tab only and forgotten when you close it. Signing in will fill the field for you once sign-in is there.

methods-title = Five methods
methods-lead = Every resource has some of these five. What you may do with it depends on your level; the menu lists it.
methods-method = Method
methods-request = Request
methods-answer = Answer
methods-list = `objects`: those that fit the parameters
methods-view = `object`: one, often with more fields than in a list
methods-update = `updated`: its id. Send only what changes
methods-create = `created`: the new id, with status `201`
methods-delete = `deleted`: its id. The second form is for networks that let no DELETE through
methods-slash = The slash at the end of an address may be left out.

about-params-title = Parameters
about-params-place = With GET they stand in the query string. With POST, PUT and DELETE they stand in the body, as `application/x-www-form-urlencoded`, `multipart/form-data` or `application/json`, at most { $mib } MiB without files. A request with files needs its key in a header or in the query string.
about-params-strict = A parameter that the method does not know is refused by its name, so that a mistyped filter cannot pass unnoticed and give you everything.
about-kind = Kind
about-spelling = How it is written
about-kind-text = any text in UTF-8
about-kind-code = one of the numbers in the method's table
about-kind-list = several values
about-many = At most { $limit } values.

pages-title = Pages of a list
pages-text = Long lists come in pages. `page` counts from 1; `per_page` is from 10 to 100, and 100 unless you say otherwise. The answer repeats both, with `total_count`, the number of all objects found.

dates-title = Dates
dates-text = Send `2023-04-27` or `2024-04-25T14:15:16`; both are in UTC unless you name a zone, as in `2024-04-25T14:15:16+03:00`. As the end of a window a date takes its whole day in. Answers always have `2024-04-25T14:15:16Z`.

money-title = Money
money-text = Amounts are decimal texts such as `"12.50"`, with as many digits as their currency has, so that nothing is lost in rounding: read them with a decimal type. Beside each amount stands its `currency_id`; amounts of different currencies are never added up.

repeats-title = Safe repeats
repeats-text = When an answer does not arrive, you cannot know whether the request was done. Send every request that changes something with a header `Idempotency-Key` of your own, up to 255 characters: repeated within 72 hours it is done once and answered as the first time. The same key with another request is refused with `422`; while the first is still running, with `409`. Requests that move money need it.

limits-title = Rate limits
limits-text = How much you may still ask stands in the headers `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` of each answer. Beyond it the answer is `429`, with the seconds to wait in `Retry-After`.
limits-about = Requests a minute. All of them may come at once; then they grow back evenly. Each node of the network counts for itself.
limits-what = Requests
limits-guest = Without a key, by address
limits-key = With one key
limits-account = With all keys of an account
limits-read = Lists and views
limits-heavy = Lists of leads, clicks, statistics, transfers, deliveries, products and audit entries
limits-write = Updates, creations, deletions
limits-upload = The same in `multipart/form-data`
limits-wrong = Wrong keys

cache-title = Answers that you have already
cache-text = Every answer to a read has an `ETag`. Send it back as `If-None-Match`: when nothing has changed the answer is `304` without a body. Answers are compressed with gzip or brotli for those who ask.

cors-title = Pages of other sites
cors-text = Scripts of any site may read what guests may read. An answer to a request with a key is never opened to scripts of other sites: keep keys on your server.

errors-about = A request was done if its answer has no `error`. Otherwise `error` is all that it has: a text, or a list of messages for each wrong parameter.
request-id = Every answer has an `X-Request-Id`. Send your own (letters, digits, `._-`, at most 64) and you get it back; name it when you write to support.

form-title = Order: { $offer }
form-price = from { $price }
form-name = Your name
form-phone = Telephone
form-email = E-mail
form-address = Delivery address
form-comment = Comment
form-quantity = Pieces
form-send = Order
form-done = Thank you! Your order is taken.
form-number = Order number: { $number }
form-call = We will call you to confirm it.
form-later = Thank you! Your order has come in and will be looked at in a moment.
form-wrong-name = Write your name.
form-wrong-phone = Check the telephone number: it must be one of the country of delivery.
form-wrong-email = Check the e-mail address.
form-wrong-address = Write the delivery address, at most 1000 characters.
form-wrong-comment = The comment is too long.
form-wrong-quantity = Choose from 1 to 1000 pieces.
form-wrong-tid = This form is out of date: open it anew.
form-wrong-offer = No orders are taken at the moment.
form-wrong-many = Too many orders from your address: try again in a minute.
form-wrong-server = Your order could not be stored: try again in a minute.
