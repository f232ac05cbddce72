# Texts of the site. `code` stands between backticks, links are [words](/address).

# Around every page
foot-words = An open-source CPA network.
look-theme = Theme
look-system = System
look-light = Light
look-dark = Dark
look-density = Rows
look-wide = Wide
look-compact = Dense
nav-api = API
nav-sign-in = Sign in
nav-sign-out = Sign out
save = Save
cancel = Cancel

# When something goes wrong
wrong-home = To the front page
wrong-many-title = Too many requests
wrong-many = That was more than one reader asks for. Wait a minute and try again.
wrong-forbidden-title = You may not do this
wrong-forbidden = Your account does not have the right to this page. Ask an operator if you need it.
wrong-missing-title = There is no such page
wrong-missing = The address may be mistyped, or what stood here is gone.
wrong-conflict-title = This cannot be done now
wrong-conflict = It contradicts what has happened meanwhile. Go back, load the page again and look.
wrong-form-title = Something in the form is not right
wrong-form = Go back and correct it:
wrong-away-title = Not ready
wrong-away = A part of the network is away. Try again in a moment: nothing was changed.
wrong-server-title = Our mistake
wrong-server = Something failed on our side. It is in our log.

# What was done
done-saved = Saved.
done-signed-out = You are signed out.
done-session-ended = That session is over.
done-sessions-ended = All other sessions are over.
done-password = The password is changed, and all other sessions are over. API keys still work.
done-password-keys = The password is changed, all other sessions are over, and all API keys are revoked. There is a new profile key.
done-factor-off = The second step is off.
done-key-revoked = The key opens nothing any more.

# Fields
field-login = Login
field-password = Password
field-new-password = New password
field-current-password = Present password
field-code = Code
field-name = Name
field-key-name = What it is for
field-email = E-mail
field-telegram = Telegram
field-phone = Telephone
field-site = Your site
field-language = Language
field-time-zone = Time zone
field-factor-password = Present password
field-rights = May
field-networks = Only from these addresses
field-date-expires = Works until

# Front page
home-title = An open CPA network
home-head = A CPA network that you can check
home-lead = Webmasters bring visitors, advertisers pay for what the visitors do, and both can see how every decision came about.
home-api = API reference
home-clicks-head = No click is lost
home-clicks = A click is on disk before its visitor is sent on, and says why he was sent there.
home-leads-head = No lead is hidden
home-leads = Every lead tells its whole story: the click, the rate, who decided and why, when it will be paid.
home-money-head = The books add up
home-money = Money moves between accounts that sum to zero. Nothing is ever overwritten, so anyone can count again.
home-offers = Offers
home-count = { $count ->
    [one] { $count } public offer
   *[other] { $count } public offers
}
home-empty = There are no public offers yet.

# Signing in
sign-in-title = Sign in
sign-in-wrong = Login or password is not right.
sign-in-later = Too many tries. Try again in { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}.
code-title = One more step
code-about = Type the code that your app shows now. If you have lost the app, type one of your recovery codes.
code-wrong = This code is not right, or it was used already.
code-send = Go on
code-anew = Begin anew

# First start
setup-title = Set up this network
setup-about = Make the first operator. This page works once.
setup-name = What others call him
setup-create = Make the operator
setup-done-title = The operator is made
setup-done = This page does not work any more. Sign in with the login and password that you have just chosen.
setup-closed-title = This link does not work
setup-closed = A set-up link works once, and only until its server is started again.

# A person's own account
menu-own-account = Profile
menu-own-security = Password and sessions
menu-own-keys = API keys
account-title = Profile
account-id = User id
account-aff = Affiliate id
account-since = Since
account-manager = Who looks after you
account-password-hint = Only needed to change the e-mail address.
security-title = Password and sessions
password-head = Password
password-change = Change the password
password-keys = Also revoke my API keys: there will be a new profile key
password-hint = At least 8 characters; a few words are better than one.
factor-title = Second step with an app
factor-head = Second step
factor-about = With an app on your telephone, your password alone opens nothing: signing in asks for a code that the app shows. Any app for such codes works.
factor-begin = Set it up
factor-on = It is on.
factor-left = { $count ->
    [0] No recovery codes are left: make new ones.
    [one] { $count } recovery code is left.
   *[other] { $count } recovery codes are left.
}
factor-renew = New recovery codes
factor-remove = Turn it off
factor-codes-head = Your recovery codes
factor-codes = Each of them works once, instead of a code of the app. Print them or write them down now: they are not shown again.
factor-step-app = Open the app for codes on your telephone.
factor-step-scan = Scan this square with it.
factor-step-type = Or type this into it:
factor-step-code = Type the code that it shows.
factor-qr = QR code with the secret for the app
factor-confirm = Turn it on
sessions-head = Where you are signed in
sessions-about = If you do not know one of these, end it and change your password.
sessions-browser = Browser
sessions-address = Address
sessions-begun = Signed in
sessions-used = Last used
sessions-this = This one
sessions-end = End
sessions-end-others = End all others
keys-title = API keys
keys-about = With a key, a program does what you may do.
keys-made-head = Your new key
keys-made = Write it down now: it is not shown again.
keys-profile-head = Key of the account
keys-profile = It may do everything that you may. Give programs keys of their own that may do less.
keys-show = Show it
keys-replace = Replace it
keys-replace-about = The present one stops working at once.
keys-extra-head = Keys of programs
keys-none = None yet. Make one for each program, so that you can take it away from one without the others noticing.
keys-begins = Begins with
keys-everywhere = everywhere
keys-never = never ends
keys-unused = not yet
keys-revoke = Revoke
keys-create-head = Another key
keys-create = Make the key
keys-networks-hint = For example 203.0.113.7,2001:db8::/48. Empty for everywhere.
rights-read = read only
rights-write = read and change, but move no money
rights-money = everything that I may


# Lists
any = any
choose = choose
more = and { $count } more
show = Show
filter-clear = Clear
pages-label = Pages of the list
pages-before = Back
pages-after = Next
pages-of = page { $page } of { $last }
days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}

# Public pages
nav-offers = Offers
nav-news = News
nav-help = Help
nav-register = Register
home-all = All offers
home-news = News
home-steps-head = How it works
home-step-offer = Choose an offer: what is paid, for what, from which countries, and how many leads were approved.
home-step-link = Make a link, with a parked domain of your own if you like, and send visitors through it.
home-step-paid = See each lead wait, be approved, be held and become money that you ask to be paid.
home-web = I bring visitors
home-adv = I pay for actions
offers-title = Offers
offers-none = No offer is like that. Take a condition away and look again.
sort-rating = best first
sort-date = newest first
sort-name = by name
sort-approve_rate = by approval
field-search = Name or id
field-categories = Categories
field-geo = Regions
field-traffic = Traffic
field-sort = Order
offer-stopped = stopped
offer-recommended = recommended
offer-new = new
offer-exclusive = only here
offer-deeplink = deeplinks
offer-mobile = suits telephones
offer-approved = Approved
offer-cr = Leads by a hundred clicks
offer-epc = Earned by a click
offer-rating = Rating
offer-decided = Decided on average in
offer-hours = { $hours } h
offer-promise = Promised to be decided in
offer-cookie = Cookie lives
offer-late = After a stop or a cap
offer-allowed = Allowed traffic
offer-forbidden = Forbidden traffic
offer-calls = Call centre
offer-goals = What is paid
offer-goal = Action
offer-pays = Pays
offer-hold = Hold
offer-about = About it
offer-rules = Rules
offer-landings = Landing pages
offer-register = Register to work with it
offer-connected = You work with this offer.
offer-ask-about = Ask to work with this offer. Some offers connect at once; with others the advertiser decides.
offer-ask-words = How will you bring visitors?
offer-ask = Ask to connect
offer-connection = Your connection:
done-connected = You have asked for this offer.
news-title = News
news-none = There is no news yet.
news-important = must be read
news-unread = unread
register-title = Register
register-about = An operator looks at every new account before it opens. Tell him what he needs to know.
register-webmaster = I bring visitors (webmaster)
register-advertiser = I pay for actions (advertiser)
register-name = What to call you
register-contact = E-mail or Telegram: an operator must be able to reach you.
register-about-hint = Webmasters: where your visitors come from. Advertisers: what you sell and in which countries.
register-create = Ask for an account
register-done-title = Your account waits for an operator
register-done = An operator will look at what you wrote. Until then signing in says that the account waits; after that it simply works. The network sends no letter about it, so come back and try.
sign-in-waits = Your account waits for an operator. Try again later.
sign-in-register = No account yet?
field-level = Who you are
field-about = About your work
help-title = Help
