//! Which edge serves a path.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::bail;
use ringback_model::dialect::{Edge, Method};

/// Routes of all edges, by method and path.
pub(super) struct Router {
    routes: HashMap<&'static str, Vec<(Method, Served)>>,
}

/// A route and who serves it.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) route: &'static str,
    pub(super) edge: Arc<dyn Edge>,
}

impl Router {
    /// Collects the routes of all edges.
    ///
    /// # Errors
    /// Two edges claim one.
    pub(super) fn new(edges: &[Arc<dyn Edge>]) -> anyhow::Result<Self> {
        let mut routes: HashMap<&'static str, Vec<(Method, Served)>> = HashMap::new();
        for edge in edges {
            for route in edge.routes() {
                let here = routes.entry(route.path).or_default();
                if here.iter().any(|(method, _)| *method == route.method) {
                    bail!("two interfaces claim {:?} {}", route.method, route.path);
                }
                here.push((route.method, Served { route: route.path, edge: Arc::clone(edge) }));
            }
        }
        Ok(Self { routes })
    }

    /// Who serves this; a preflight is answered by whoever serves the path.
    pub(super) fn find(&self, method: &http::Method, path: &str) -> Option<Served> {
        let here = self.routes.get(path)?;
        let wanted = match *method {
            http::Method::GET => Method::Get,
            http::Method::POST => Method::Post,
            http::Method::OPTIONS => return here.first().map(|(_, served)| served.clone()),
            _ => return None,
        };
        here.iter().find(|(method, _)| *method == wanted).map(|(_, served)| served.clone())
    }
}
