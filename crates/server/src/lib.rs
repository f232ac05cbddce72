//! HTTP, pages, commands and configuration: the outermost of the four crates.

pub mod api;
pub mod apidocs;
pub mod app;
pub mod command;
mod compress;
pub mod config;
mod config_delivery;
mod config_mail;
mod config_payout;
pub mod demo;
pub mod i18n;
pub mod limits;
pub mod serve;
mod site;
pub mod state;
mod stream;
pub mod telemetry;
mod track;
mod web;
