//! A real browser that is told what to do: Chromium without a window, over the pipe of its own protocol. `./test` installs it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::block_in_place;
use tokio::time::sleep;

const BROWSERS: &str = "for b in chromium chromium-browser google-chrome; do command -v $b >/dev/null && exec $b \"$@\" \
                        3<&0 4>&1 </dev/null >/dev/null 2>&1; done; exit 127";
/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One page of a browser of its own.
pub struct Tab {
    child: Child,
    _profile: TempDir,
    to: ChildStdin,
    /// What it tells, message by message.
    from: Receiver<Value>,
    session: String,
    number: u64,
    base: String,
}

impl Tab {
    /// # Panics
    /// Without a browser: such a test never passes silently.
    pub fn open(base: String) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut child = Command::new("sh")
            .args(["-c", BROWSERS, "sh", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--remote-debugging-pipe", "--window-size=1280,900"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let to = child.stdin.take().expect("its input");
        let told = BufReader::new(child.stdout.take().expect("its output")).split(0);
        let (sender, from) = channel();
        thread::spawn(move || {
            for line in told.map_while(Result::ok) {
                let message: Value = serde_json::from_slice(&line).expect("JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut tab = Self { child, _profile: profile, to, from, session: String::new(), number: 0, base };
        let target = tab.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = tab.call("Target.attachToTarget", &attach);
        attached["sessionId"].as_str().expect("a session").clone_into(&mut tab.session);
        tab.call("Page.enable", &json!({}));
        // Nobody sits before it to answer questions.
        let agree = json!({"source": "window.confirm = () => true"});
        tab.call("Page.addScriptToEvaluateOnNewDocument", &agree);
        tab
    }

    /// One command: its result, nothing where the page went away under it. What the browser tells in between is left alone.
    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.number += 1;
        let mut asked = json!({"id": self.number, "method": method, "params": params});
        if !self.session.is_empty() {
            asked["sessionId"] = self.session.clone().into();
        }
        let mut bytes = asked.to_string().into_bytes();
        bytes.push(0);
        // The server works on other threads meanwhile.
        block_in_place(|| {
            let sent = self.to.write_all(&bytes).and_then(|()| self.to.flush());
            sent.expect("Chromium runs: ./test installs it (Debian: chromium)");
            loop {
                let told = self.from.recv_timeout(PATIENCE);
                let told = told.unwrap_or_else(|_| panic!("no answer to {asked}: ./test installs Chromium"));
                if told["id"] == self.number {
                    return told["result"].clone();
                }
            }
        })
    }

    /// What a script on the page gives.
    pub fn ask(&mut self, script: &str) -> Value {
        let asked = json!({"expression": script, "returnByValue": true});
        let told = self.call("Runtime.evaluate", &asked);
        assert!(told.get("exceptionDetails").is_none(), "{script}: {told}");
        told["result"]["value"].clone()
    }

    /// Goes to a page of the site.
    pub async fn go(&mut self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.call("Page.navigate", &json!({"url": url}));
        self.until(&format!("location.pathname + location.search === {}", json!(path))).await;
    }

    /// Waits until this holds on a whole page.
    pub async fn until(&mut self, condition: &str) {
        let asked = format!("document.readyState === 'complete' && !!({condition})");
        for _ in 0..600 {
            if self.ask(&asked) == true {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        let page = self.ask("location.href + '\\n' + document.body.innerText");
        panic!("never: {condition}\n{}", page.as_str().unwrap_or_default());
    }

    /// Writes into a field.
    pub fn fill(&mut self, field: &str, value: &str) {
        let script = format!(
            "(() => {{ const field = document.querySelector('[name={field}]:not([type=hidden])'); field.value = {}; \
             return field.value }})()",
            json!(value)
        );
        assert_eq!(self.ask(&script), value, "{field}");
    }

    /// Presses what this selects, and waits for the page that it leads to.
    pub async fn press(&mut self, selector: &str, then: &str) {
        let script = format!("window.here = true, document.querySelector({}).click()", json!(selector));
        self.ask(&script);
        self.until(&format!("!window.here && ({then})")).await;
    }

    /// The words that a reader sees.
    pub fn words(&mut self) -> String {
        self.ask("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
