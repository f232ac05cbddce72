# Texts of pages that links in letters lead to.

reset-title = A new password
reset-about = Write your login or your e-mail address: we send you a link by which you choose a new password.
reset-send = Send the link
reset-sent = If there is such an account, and it has an e-mail address, a letter with a link is on its way. The link works for an hour.
wrong-letters-title = No letters
wrong-letters = This network sends no letters: ask an operator for a new password.
wrong-link-title = This link does not work
wrong-link = It was used, it is too old, or it was not copied as a whole.
confirm-title = Your e-mail address
confirm-ask = Is the address to which this link came yours?
confirm-button = Yes, it is mine
confirm-done = Thank you: the address is confirmed.
unsubscribe-title = No more letters
unsubscribe-ask = You get no more letters about
unsubscribe-button = Send no more of them
unsubscribe-done = Done. You can choose again on the page of your account. Letters about the safety of your account and your money still come.
sign-in-forgotten = Forgot your password?
letters-head = Letters
letters-about = What we write to you about. Letters about the safety of your account and your money always come.
letters-unconfirmed = Your e-mail address is not confirmed: until it is, you get only letters about the safety of your account.
letters-confirm = Send the link again
field-who = Login or e-mail address
done-reset = The password is changed, and all sessions are over: sign in with the new one.
done-confirmation = A letter with a link is on its way.
