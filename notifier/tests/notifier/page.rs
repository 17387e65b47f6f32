//! What a shop's page does: it connects, asks for its tickets, and whenever the connection ends it comes back, perhaps
//! to another notifier, and asks for what it does not know yet.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use devstack::client::Event;
use devstack::{Live, until};

use crate::shop::SOON;

/// Tickets named in one message, so that it stays below 4 KiB.
const ASKED_AT_ONCE: usize = 60;

pub(crate) struct Page {
    notifiers: Vec<String>,
    live: Option<Live>,
    unknown: Vec<String>,
    results: HashMap<String, String>,
    /// How often a connection ended.
    pub(crate) cuts: usize,
    /// How often it was told what it knew already.
    pub(crate) repeats: usize,
    attempts: usize,
}

impl Page {
    /// A page that waits for these tickets and knows these notifiers.
    pub(crate) fn of(notifiers: &[String], tickets: &[String]) -> Self {
        Self {
            notifiers: notifiers.to_vec(),
            live: None,
            unknown: tickets.to_vec(),
            results: HashMap::new(),
            cuts: 0,
            repeats: 0,
            attempts: 0,
        }
    }

    /// Waits for one more.
    pub(crate) async fn watch(&mut self, ticket: String) -> Result<()> {
        if let Some(live) = &mut self.live {
            // When it has ended, that is learned by listening.
            let _ = live.watch(&[&ticket]).await;
        }
        self.unknown.push(ticket);
        Ok(())
    }

    /// What became of a ticket, as the page was told.
    pub(crate) fn result(&self, ticket: &str) -> Option<&str> {
        self.results.get(ticket).map(String::as_str)
    }

    /// Returns when it knows everything, with how many results that are.
    pub(crate) async fn learn_all(&mut self) -> Result<usize> {
        while !self.unknown.is_empty() {
            self.hear().await?;
        }
        Ok(self.results.len())
    }

    /// Returns when it was told that one of its tickets is queued.
    pub(crate) async fn wait_in_queue(&mut self) -> Result<()> {
        loop {
            match self.hear().await? {
                Some(Event::Ticket { state, .. }) if state == "queued" => return Ok(()),
                Some(Event::Ticket { .. }) => anyhow::bail!("it is decided already"),
                _ => {}
            }
        }
    }

    /// Returns when the connection that there is has ended.
    pub(crate) async fn lose_connection(&mut self) -> Result<()> {
        let cuts = self.cuts;
        while self.cuts == cuts {
            self.hear().await?;
        }
        Ok(())
    }

    /// Asks for what nobody knows, and hears what is said before the answer: nothing may be.
    pub(crate) async fn hears_nothing_more(&mut self) -> Result<()> {
        let live = self.live.as_mut().context("not connected")?;
        live.watch(&["the end"]).await?;
        loop {
            match live.next().await? {
                Event::Refused { what, .. } if what == "the end" => return Ok(()),
                Event::Ticket { state, .. } if state != "queued" => self.repeats += 1,
                _ => {}
            }
        }
    }

    async fn hear(&mut self) -> Result<Option<Event>> {
        if self.live.is_none() {
            self.connect().await?;
        }
        let event = match &mut self.live {
            Some(live) => live.next().await,
            None => return Ok(None),
        };
        match event {
            Ok(Event::Closed(_)) | Err(_) => {
                self.live = None;
                self.cuts += 1;
                Ok(None)
            }
            Ok(event) => self.learn(event).map(Some),
        }
    }

    fn learn(&mut self, event: Event) -> Result<Event> {
        ensure!(!matches!(event, Event::Refused { .. }), "{event:?}");
        if let Event::Ticket { ticket, state, .. } = &event
            && state != "queued"
        {
            self.unknown.retain(|unknown| unknown != ticket);
            let known = self.results.insert(ticket.clone(), state.clone());
            self.repeats += usize::from(known.is_some());
        }
        Ok(event)
    }

    /// Goes from one notifier to the next until one lets it in, and asks.
    async fn connect(&mut self) -> Result<()> {
        let (notifiers, attempts) = (&self.notifiers, &mut self.attempts);
        let mut live = until("a notifier", SOON, async || {
            let url = &notifiers[*attempts % notifiers.len()];
            *attempts += 1;
            Ok(Live::connect(url).await.ok())
        })
        .await?;
        for some in self.unknown.chunks(ASKED_AT_ONCE) {
            let some: Vec<&str> = some.iter().map(String::as_str).collect();
            if live.watch(&some).await.is_err() {
                // It ends at once; that is learned by listening.
                break;
            }
        }
        self.live = Some(live);
        Ok(())
    }
}
