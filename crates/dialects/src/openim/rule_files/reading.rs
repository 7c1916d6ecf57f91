//! From the text of a rule file to rules and notes.

use ringback_model::dialect::RuleFile;
use ringback_model::event::Phase;
use ringback_model::ids::RuleId;
use ringback_model::rule::{Attention, Rule, RuleOrigin, Selectors};
use ringback_model::time::UnixMs;

use super::entry::{Entry, Reader};
use super::environment::{self, Lookup};
use super::notes::Notes;
use super::yaml::{self, Member, Value};
use super::{Shape, address, realign, scalars, sentence};
use crate::openim::callbacks::commands::{self, About, Command, Targets, nearest};
use crate::openim::callbacks::generation::Generation;
use crate::openim::callbacks::switches;

/// Reads a file.
pub(super) fn read(
    shape: &'static Shape,
    text: &str,
    first_line: usize,
    env: Lookup<'_>,
    switches: &[(String, String)],
) -> RuleFile {
    let mut notes = Notes::default();
    let generation = generation(shape, switches, &mut notes);
    let mut file = File { shape, generation, switches, notes, rules: Vec::new(), url: None };
    if let Some(members) = file.members(text) {
        file.callbacks(members, env);
    }
    let File { notes, mut rules, .. } = file;
    rules.sort_by_key(|(place, _)| *place);
    RuleFile { rules: rules.into_iter().map(|(_, rule)| rule).collect(), notes: notes.into_notes(first_line) }
}

fn switch<'a>(switches: &'a [(String, String)], name: &str) -> Option<&'a str> {
    switches.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn generation(shape: &Shape, switches: &[(String, String)], notes: &mut Notes) -> Generation {
    if shape.is_v2 {
        return Generation::V2;
    }
    let Some(version) = switch(switches, switches::CONTRACT) else { return Generation::V38 };
    match Generation::from_version(version).filter(|generation| *generation != Generation::V2) {
        Some(generation) => generation,
        None => {
            notes.error(0, switches::CONTRACT, format!("{version:?} is not one of v3.8, v3.5, v3.0"));
            Generation::V38
        }
    }
}

struct File<'a> {
    shape: &'static Shape,
    generation: Generation,
    switches: &'a [(String, String)],
    notes: Notes,
    /// With their places in the register, which is the order in which a message meets them.
    rules: Vec<(usize, Rule)>,
    url: Option<Address>,
}

struct Address {
    line: usize,
    text: String,
}

impl File<'_> {
    /// The members of the root map, from below the root key where there is one.
    fn members(&mut self, text: &str) -> Option<Vec<Member>> {
        let root = match yaml::load(text) {
            Ok(root) => root,
            Err(note) => match realign::realign(self.shape, text).and_then(|text| yaml::load(&text).ok()) {
                Some(root) if self.shape.is_v2 => {
                    let text = format!(
                        "the callbacks are indented deeper than {}; they are read as if they were not",
                        self.shape.url_key
                    );
                    self.notes.warn(note.line, "", text);
                    root
                }
                _ => {
                    self.notes.add(note);
                    return None;
                }
            },
        };
        let line = root.line;
        let Value::Map(mut members) = root.value else {
            self.notes.error(line, "", format!("the file is {}, not a map of keys", root.value.kind()));
            return None;
        };
        if let Some(at) = members.iter().position(|member| member.key == self.shape.key) {
            let inner = members.swap_remove(at);
            return match inner.node.value {
                Value::Map(members) => Some(members),
                other => {
                    self.notes.error(
                        inner.line,
                        self.shape.key,
                        format!("{} is {}, not a map", self.shape.key, other.kind()),
                    );
                    None
                }
            };
        }
        Some(members)
    }

    fn callbacks(&mut self, mut members: Vec<Member>, env: Lookup<'_>) {
        if let Some(prefix) = self.shape.env_prefix {
            environment::overlay(&mut members, prefix, env);
            environment::warn_unread(self.shape, &members, prefix, env, &mut self.notes);
        }
        self.address(&members);
        let mut seen: Vec<&str> = Vec::new();
        for member in members.iter().filter(|member| member.key != self.shape.url_key) {
            let Some(command) = self.command(&member.key) else {
                self.unknown(member);
                continue;
            };
            if seen.contains(&command.name) {
                self.notes.error(
                    member.line,
                    &member.key,
                    format!("{} configures the same callback a second time", member.key),
                );
                continue;
            }
            seen.push(command.name);
            self.callback(command, member);
        }
        self.conclude();
    }

    /// The command of a key.
    fn command(&self, key: &str) -> Option<&'static Command> {
        commands::all().find(|command| self.shape.names(command, key))
    }

    fn address(&mut self, members: &[Member]) {
        let Some(member) = members.iter().find(|member| member.key == self.shape.url_key) else { return };
        match scalars::text(&member.node) {
            Ok(Some(text)) => {
                self.url = Some(Address { line: member.node.line, text: text.trim().to_owned() });
            }
            Ok(None) => {}
            Err(wrong) => self.notes.error(member.node.line, &member.key, format!("{} {wrong}", member.key)),
        }
    }

    fn unknown(&mut self, member: &Member) {
        let key = &member.key;
        if self.shape.members().any(|name| name == key) {
            let text = format!("{key} stands at the top; it must be indented below its callback");
            self.notes.error(member.line, key, text);
            return;
        }
        let own = self.shape.callback_keys().chain([self.shape.url_key]);
        let hint = nearest(key, own).map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
        self.notes.warn(member.line, key, format!("{key} is not known here and means nothing{hint}"));
    }

    fn callback(&mut self, command: &'static Command, member: &Member) {
        let key = member.key.as_str();
        let empty = Vec::new();
        let members = match &member.node.value {
            Value::Map(members) => members,
            Value::Null => &empty,
            other => {
                self.notes.error(
                    member.node.line,
                    key,
                    format!("{key} is {}, not a map with enable and others", other.kind()),
                );
                return;
            }
        };
        let entry = self.reader(command, key).read(members);
        if !entry.enabled {
            self.notes.info(member.line, key, format!("{key} is off"));
            return;
        }
        let rule = self.rule(command, key, entry);
        self.notes.info(member.line, key, sentence::describe(&rule, command));
        let place = commands::all().position(|row| row.name == command.name).unwrap_or(usize::MAX);
        self.rules.push((place, rule));
    }

    fn reader<'b>(&'b mut self, command: &Command, key: &'b str) -> Reader<'b> {
        let coded = switch(self.switches, switches::FAILED_CONTINUE) == Some("coded");
        Reader {
            shape: self.shape,
            key,
            phase: command.phase(),
            of_messages: matches!(command.about, About::Messages(_)),
            always_refuse: coded && self.generation == Generation::V38,
            notes: &mut self.notes,
        }
    }

    fn rule(&self, command: &Command, key: &str, entry: Entry) -> Rule {
        let kind = self.shape.key;
        Rule {
            id: RuleId::new(&format!("file:{kind}:{key}")),
            name: key.to_owned(),
            enabled: true,
            contract: self.generation.contract().to_owned(),
            phase: command.phase(),
            url: self.url.as_ref().map(|url| url.text.clone()).unwrap_or_default(),
            events: command.name_in(self.generation).map(str::to_owned).into_iter().collect(),
            selectors: Selectors {
                denied_types: entry.denied,
                attention: self.attention(command, entry.attention),
                ..Selectors::default()
            },
            policy: entry.policy,
            secrets: entry.secrets,
            origin: RuleOrigin::File(kind.to_owned()),
            version: 0,
            changed_at: UnixMs(0),
            switches: switches::compat(self.switches),
        }
    }

    /// As documented: recipients for single chats, groups for groups. As coded: always the recipient, which a
    /// group message does not have; after-save ignores the list.
    fn attention(&self, command: &Command, ids: Vec<String>) -> Attention {
        let About::Messages(targets) = command.about else { return Attention::default() };
        if switch(self.switches, switches::ATTENTION_IDS) == Some("coded") {
            return match targets {
                Targets::Single | Targets::Group => Attention { users: ids, groups: Vec::new() },
                Targets::SingleAndGroup | Targets::SingleAndNotice | Targets::All => Attention::default(),
            };
        }
        match targets {
            Targets::Single | Targets::SingleAndNotice => Attention { users: ids, groups: Vec::new() },
            Targets::Group => Attention { users: Vec::new(), groups: ids },
            Targets::SingleAndGroup | Targets::All => Attention { users: ids.clone(), groups: ids },
        }
    }

    /// What can only be said once everything was read: about the address, and about silence.
    fn conclude(&mut self) {
        let name = self.shape.url_key;
        let in_use = !self.rules.is_empty();
        match &self.url {
            None if in_use => self.notes.error(0, name, format!("{name} is missing, but callbacks are on")),
            None => {}
            Some(url) => match address::check(&url.text, self.generation) {
                Ok(odd) => {
                    for remark in odd {
                        self.notes.warn(url.line, name, format!("{name} {remark}"));
                    }
                }
                Err(wrong) if in_use => self.notes.error(url.line, name, format!("{name} {wrong}")),
                Err(wrong) => self.notes.warn(url.line, name, format!("{name} {wrong}")),
            },
        }
        if !in_use {
            self.notes.warn(0, "", "no callback is on: nobody will be asked or told");
        }
        let asks = self.rules.iter().filter(|(_, rule)| rule.phase == Phase::Before).count();
        let tells = self.rules.len() - asks;
        if in_use {
            self.notes.info(
                0,
                "",
                format!(
                    "callbacks that ask before: {asks}; that tell after: {tells}; contract: {}",
                    self.generation.version()
                ),
            );
        }
    }
}
