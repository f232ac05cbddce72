//! Sample requests in four languages, each complete: it runs as it stands, with a key and with ids of the reader's own.

use std::fmt::Write as _;

use whocpa_domain::{Level, Method, Resource};

use super::captured::Captured;
use super::own_id::OwnId;
use super::text::{self, Html, KEY};
use crate::api::{Declared, Registry, sample_value};

/// One language of the samples.
pub(super) struct Sample {
    /// For ids and the choice of the tab.
    pub id: &'static str,
    pub title: &'static str,
    pub code: Html,
}

/// A request as the samples need it.
struct Request<'a> {
    verb: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    params: Vec<(&'a str, String)>,
}

/// The samples of a method: with the parameters of the captured example, else with those it cannot do without. Ids of the
/// example network are nobody's elsewhere: marks stand for them, which are told beside the samples.
pub(super) fn all(
    (registry, base_url): (&Registry, &str),
    level: Level,
    (resource, method): (Resource, Method),
    declared: &Declared,
    captured: Option<&Captured>,
) -> (Vec<Sample>, Vec<OwnId>) {
    let mut params: Vec<(&str, String)> = match captured {
        Some(captured) => captured.params.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        None => needed(method, declared),
    };
    let mut own_ids: Vec<OwnId> = Vec::new();
    let mut path = format!("/api/{}/", resource.name());
    if !matches!(method, Method::List | Method::Create) {
        match OwnId::of_path(registry, level, (resource, method)) {
            Some(id) => {
                path.push_str(&id.mark);
                own_ids.push(id);
            }
            None => path = captured.map_or(format!("{path}1"), |captured| captured.path.to_owned()),
        }
    }
    for (name, value) in &mut params {
        let Some(id) = OwnId::of_param(registry, level, resource, (name, value)) else { continue };
        value.clone_from(&id.mark);
        if !own_ids.iter().any(|known| known.mark == id.mark) {
            own_ids.push(id);
        }
    }
    let verb = match method {
        Method::List | Method::View => "GET",
        Method::Update | Method::Create => "POST",
        Method::Delete => "DELETE",
    };
    let mut headers = Vec::new();
    if level != Level::Guest {
        headers.push(("X-Api-Key", KEY.to_owned()));
    }
    if resource.requires_idempotency_key(method) {
        headers.push(("Idempotency-Key", format!("my-{}-1", resource.name())));
    }
    let request = Request { verb, url: format!("{base_url}{path}"), headers, params };
    let marks: Vec<(&str, &str)> = own_ids.iter().map(|id| (id.mark.as_str(), id.from.as_str())).collect();
    let shown = |code: String| text::program(&code, &marks);
    let samples = vec![
        Sample { id: "curl", title: "curl", code: shown(request.curl()) },
        Sample { id: "python", title: "Python", code: shown(request.python()) },
        Sample { id: "php", title: "PHP", code: shown(request.php()) },
        Sample { id: "js", title: "JavaScript", code: shown(request.javascript()) },
    ];
    (samples, own_ids)
}

fn needed(method: Method, declared: &Declared) -> Vec<(&'static str, String)> {
    let required = declared.params.iter().filter(|param| param.required);
    let mut shown: Vec<_> = required.map(|param| (param.name, sample_value(param))).collect();
    // A change of nothing would show nothing.
    if method == Method::Update && shown.is_empty() {
        shown = declared.params.iter().take(1).map(|param| (param.name, sample_value(param))).collect();
    }
    shown
}

impl Request<'_> {
    fn is_read(&self) -> bool {
        self.verb == "GET"
    }

    fn curl(&self) -> String {
        let verb = if self.is_read() { String::new() } else { format!("-X {} ", self.verb) };
        let mut lines = vec![format!("curl {verb}'{}'", self.url)];
        lines.extend(self.headers.iter().map(|(name, value)| format!("-H '{name}: {value}'")));
        if self.is_read() && !self.params.is_empty() {
            lines.push("-G".to_owned());
        }
        for (name, value) in &self.params {
            lines.push(format!("--data-urlencode '{name}={}'", value.replace('\'', "'\\''")));
        }
        lines.join(" \\\n  ")
    }

    fn python(&self) -> String {
        let mut code = "import json\nimport urllib.parse\nimport urllib.request\n\n".to_owned();
        if !self.params.is_empty() {
            let _ = writeln!(
                code,
                "params = urllib.parse.urlencode({{{}}})",
                self.pairs("\"", ": ", ",\n    ", "\n")
            );
        }
        let tail = if self.is_read() && !self.params.is_empty() { "?\" + params" } else { "\"" };
        let _ = write!(code, "request = urllib.request.Request(\n    \"{}{tail},\n", self.url);
        if !self.is_read() && !self.params.is_empty() {
            code.push_str("    data=params.encode(),\n");
        }
        if !self.headers.is_empty() {
            let _ = writeln!(code, "    headers={{{}}},", self.headers());
        }
        let _ = writeln!(code, "    method=\"{}\",\n)", self.verb);
        code.push_str("with urllib.request.urlopen(request) as response:\n    print(json.load(response))");
        code
    }

    fn php(&self) -> String {
        let mut code = "<?php\n".to_owned();
        if !self.params.is_empty() {
            let _ =
                writeln!(code, "$params = http_build_query([{}]);", self.pairs("'", " => ", ",\n    ", "\n"));
        }
        let tail = if self.is_read() && !self.params.is_empty() { "?' . $params" } else { "'" };
        let _ = writeln!(code, "$request = curl_init('{}{tail});", self.url);
        code.push_str("curl_setopt_array($request, [\n    CURLOPT_RETURNTRANSFER => true,\n");
        if !self.is_read() {
            let _ = writeln!(code, "    CURLOPT_CUSTOMREQUEST => '{}',", self.verb);
        }
        if !self.is_read() && !self.params.is_empty() {
            code.push_str("    CURLOPT_POSTFIELDS => $params,\n");
        }
        if !self.headers.is_empty() {
            let lines = self.headers.iter().map(|(name, value)| format!("'{name}: {value}'"));
            let _ = writeln!(code, "    CURLOPT_HTTPHEADER => [{}],", lines.collect::<Vec<_>>().join(", "));
        }
        code.push_str("]);\nprint_r(json_decode(curl_exec($request), true));");
        code
    }

    fn javascript(&self) -> String {
        let mut code = String::new();
        if !self.params.is_empty() {
            let _ = writeln!(
                code,
                "const params = new URLSearchParams({{{}}});",
                self.pairs("\"", ": ", ",\n  ", "\n")
            );
        }
        let mut options = Vec::new();
        if !self.is_read() {
            options.push(format!("  method: \"{}\",", self.verb));
        }
        if !self.is_read() && !self.params.is_empty() {
            options.push("  body: params,".to_owned());
        }
        if !self.headers.is_empty() {
            options.push(format!("  headers: {{ {} }},", self.headers()));
        }
        let tail = if self.is_read() && !self.params.is_empty() { "?\" + params" } else { "\"" };
        let options =
            if options.is_empty() { String::new() } else { format!(", {{\n{}\n}}", options.join("\n")) };
        let _ = writeln!(code, "const response = await fetch(\"{}{tail}{options});", self.url);
        code.push_str("console.log(response.status, await response.json());");
        code
    }

    /// The headers as an object of Python or JavaScript, on one line.
    fn headers(&self) -> String {
        let pair = |(name, value): &(&str, String)| format!("\"{name}\": \"{value}\"");
        self.headers.iter().map(pair).collect::<Vec<_>>().join(", ")
    }

    /// The parameters as an object of the language, one on a line.
    fn pairs(&self, quote: &str, arrow: &str, between: &str, last: &str) -> String {
        let escaped = |text: &str| {
            text.replace('\\', "\\\\").replace(quote, &format!("\\{quote}")).replace('\n', "\\n")
        };
        let pair = |(name, value): &(&str, String)| {
            format!("{quote}{name}{quote}{arrow}{quote}{}{quote}", escaped(value))
        };
        let pairs: Vec<String> = self.params.iter().map(pair).collect();
        format!("{}{}{}", between.trim_start_matches(','), pairs.join(between), format_args!(",{last}"))
    }
}
