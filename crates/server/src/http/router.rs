//! Which edge serves a path.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use ringback_model::dialect::Method;

use super::interface::Interface;

/// Routes of all edges. Segments that are written out go before segments that take anything, whichever edge they
/// belong to.
pub(super) struct Router {
    paths: matchit::Router<Place>,
}

/// A path that is served.
struct Place {
    routes: Vec<(Method, Served)>,
    /// Its methods, as the header of that name lists them.
    allow: HeaderValue,
}

/// A route and who serves it.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) route: &'static str,
    pub(super) interface: Arc<Interface>,
    /// Names of what stands in the route's braces, in order.
    names: Arc<[&'static str]>,
}

/// What there is at a path.
pub(super) enum Found {
    /// A route, and what stands in its braces.
    Route(Served, Method, Params),
    /// A route, but not with this method; the methods that it has.
    OtherMethod(Served, Params, HeaderValue),
    /// Nothing.
    Nothing,
}

/// What stood in the braces of a route, decoded, by name.
pub(super) type Params = Vec<(&'static str, String)>;

impl Router {
    /// Collects the routes of all edges.
    ///
    /// # Errors
    /// Two edges claim one, or a route cannot be told from another one.
    pub(super) fn new(interfaces: &[Arc<Interface>]) -> anyhow::Result<Self> {
        let mut by_path: HashMap<&'static str, Vec<(Method, Served)>> = HashMap::new();
        for interface in interfaces {
            for route in interface.edge.routes() {
                let here = by_path.entry(route.path).or_default();
                if here.iter().any(|(method, _)| *method == route.method) {
                    bail!("two interfaces claim {:?} {}", route.method, route.path);
                }
                let names = names_in(route.path).into();
                let served = Served { route: route.path, interface: Arc::clone(interface), names };
                here.push((route.method, served));
            }
        }
        let mut paths = matchit::Router::new();
        for (path, routes) in by_path {
            let allow = HeaderValue::from_str(&allowed(&routes))?;
            let place = Place { routes, allow };
            paths.insert(path, place).with_context(|| format!("the route {path} cannot be served"))?;
        }
        Ok(Self { paths })
    }

    /// What there is at a path. `HEAD` is served like `GET`; what it leaves out of the answer is HTTP's business.
    pub(super) fn find(&self, method: &http::Method, path: &str) -> Found {
        let Ok(found) = self.paths.at(path) else { return Found::Nothing };
        let Place { routes, allow } = found.value;
        let Some((_, first)) = routes.first() else { return Found::Nothing };
        let params = first
            .names
            .iter()
            .map(|name| (*name, decoded(found.params.get(name).unwrap_or_default())))
            .collect();
        let wanted = method_of(method);
        match routes.iter().find(|(method, _)| Some(*method) == wanted) {
            Some((method, served)) => Found::Route(served.clone(), *method, params),
            None => Found::OtherMethod(first.clone(), params, allow.clone()),
        }
    }
}

/// A request's method, where routes can have it.
pub(super) fn method_of(method: &http::Method) -> Option<Method> {
    match *method {
        http::Method::GET | http::Method::HEAD => Some(Method::Get),
        http::Method::POST => Some(Method::Post),
        http::Method::PUT => Some(Method::Put),
        http::Method::PATCH => Some(Method::Patch),
        http::Method::DELETE => Some(Method::Delete),
        _ => None,
    }
}

/// Methods in the form of the header `Allow`.
fn allowed(routes: &[(Method, Served)]) -> String {
    let mut names: Vec<&str> = routes
        .iter()
        .flat_map(|(method, _)| match method {
            Method::Get => &["GET", "HEAD"][..],
            Method::Post => &["POST"],
            Method::Put => &["PUT"],
            Method::Patch => &["PATCH"],
            Method::Delete => &["DELETE"],
        })
        .copied()
        .collect();
    names.push("OPTIONS");
    names.join(", ")
}

/// Segments are decoded after the path was cut into them: an escaped slash is part of its segment.
fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The names in the braces of a route.
fn names_in(route: &'static str) -> Vec<&'static str> {
    route.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use ringback_model::app::App;
    use ringback_model::command::{Actor, Command, Outcome};
    use ringback_model::dialect::{Edge, EdgeRequest, Opening, Reply, Route};
    use ringback_model::failure::{Failure, Refusal};
    use ringback_model::time::UnixMs;

    use super::*;

    /// Routes and nothing else.
    struct Only(&'static [Route]);

    impl Edge for Only {
        fn routes(&self) -> &'static [Route] {
            self.0
        }
        fn common_headers(&self) -> &'static [(&'static str, &'static str)] {
            &[]
        }
        fn open(&self, _: &EdgeRequest) -> Result<Opening, Refusal> {
            unreachable!()
        }
        fn decode(&self, _: &EdgeRequest, _: Option<&Actor>) -> Result<Command, Refusal> {
            unreachable!()
        }
        fn encode(&self, _: &EdgeRequest, _: &Result<Outcome, Failure>, _: UnixMs) -> Reply {
            unreachable!()
        }
        fn unknown(&self, _: &EdgeRequest) -> Reply {
            unreachable!()
        }
        fn preflight(&self) -> Reply {
            unreachable!()
        }
        fn openapi(&self) -> serde_json::Value {
            unreachable!()
        }
    }

    const fn route(method: Method, path: &'static str) -> Route {
        Route { method, path }
    }

    fn edge(routes: &'static [Route]) -> Arc<Interface> {
        Interface::new(Arc::new(Only(routes)))
    }

    fn router(tables: &[&'static [Route]]) -> anyhow::Result<Router> {
        Router::new(&tables.iter().map(|routes| edge(routes)).collect::<Vec<_>>())
    }

    /// What is found, in words: method and route, then what stands in the braces.
    fn find(router: &Router, method: &http::Method, path: &str) -> String {
        let shown = |params: &Params| {
            params.iter().map(|(name, value)| format!(" {name}={value}")).collect::<String>()
        };
        match router.find(method, path) {
            Found::Route(served, method, params) => format!("{method:?} {}{}", served.route, shown(&params)),
            Found::OtherMethod(served, params, _) => format!("other {}{}", served.route, shown(&params)),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    static WRITTEN_OUT: &[Route] = &[
        route(Method::Post, "/auth/token"),
        route(Method::Post, "/auth/deep/users"),
        route(Method::Get, "/by-id/{id}/users"),
        route(Method::Delete, "/by-id/{id}/users/{user}"),
    ];
    static ANY: &[Route] = &[
        route(Method::Get, "/{org}/{app}/users"),
        route(Method::Post, "/{org}/{app}/users"),
        route(Method::Put, "/{org}/{app}/users/{user}"),
        route(Method::Patch, "/{org}/{app}/users/{user}/name"),
    ];

    #[test]
    fn what_is_written_out_goes_before_what_takes_anything() {
        for tables in [[WRITTEN_OUT, ANY], [ANY, WRITTEN_OUT]] {
            let router = router(&tables).unwrap();
            for (path, wanted) in [
                ("/auth/deep/users", "other /auth/deep/users"),
                ("/auth/deeper/users", "Get /{org}/{app}/users org=auth app=deeper"),
                ("/a/b/users", "Get /{org}/{app}/users org=a app=b"),
                ("/by-id/x/users", "Get /by-id/{id}/users id=x"),
                ("/by-id/x/users/u", "other /by-id/{id}/users/{user} id=x user=u"),
                ("/by-idea/x/users", "Get /{org}/{app}/users org=by-idea app=x"),
                ("/a/b/users/", "nothing"),
                ("/a//users", "nothing"),
                ("//b/users", "nothing"),
                ("/auth", "nothing"),
                ("/", "nothing"),
                ("", "nothing"),
                ("*", "nothing"),
            ] {
                assert_eq!(find(&router, &http::Method::GET, path), wanted, "{path}");
            }
        }
    }

    #[test]
    fn every_method_finds_its_route() {
        let router = router(&[WRITTEN_OUT, ANY]).unwrap();
        for (method, path, wanted) in [
            (http::Method::HEAD, "/a/b/users", "Get /{org}/{app}/users org=a app=b"),
            (http::Method::POST, "/a/b/users", "Post /{org}/{app}/users org=a app=b"),
            (http::Method::PUT, "/a/b/users/u", "Put /{org}/{app}/users/{user} org=a app=b user=u"),
            (
                http::Method::PATCH,
                "/a/b/users/u/name",
                "Patch /{org}/{app}/users/{user}/name org=a app=b user=u",
            ),
            (http::Method::DELETE, "/by-id/i/users/u", "Delete /by-id/{id}/users/{user} id=i user=u"),
            (http::Method::TRACE, "/a/b/users", "other /{org}/{app}/users org=a app=b"),
            (http::Method::OPTIONS, "/auth/token", "other /auth/token"),
        ] {
            assert_eq!(find(&router, &method, path), wanted, "{method} {path}");
        }
    }

    #[test]
    fn a_path_tells_its_methods() {
        let router = router(&[ANY]).unwrap();
        let Found::OtherMethod(_, _, allow) = router.find(&http::Method::DELETE, "/a/b/users") else {
            panic!("there is no DELETE");
        };
        assert_eq!(allow, "GET, HEAD, POST, OPTIONS");
    }

    #[test]
    fn segments_are_decoded_after_they_were_cut() {
        let router = router(&[ANY]).unwrap();
        for (path, user) in [
            ("/o/a/users/x%2Fy", "x/y"),
            ("/o/a/users/%E5%BC%A0", "张"),
            ("/o/a/users/a+b%20c", "a+b c"),
            ("/o/a/users/%ff%zz", "\u{fffd}%zz"),
            ("/o/a/users/{user}", "{user}"),
        ] {
            let wanted = format!("Put /{{org}}/{{app}}/users/{{user}} org=o app=a user={user}");
            assert_eq!(find(&router, &http::Method::PUT, path), wanted, "{path}");
        }
    }

    #[test]
    fn routes_that_two_edges_claim_are_refused() {
        static SAME: &[Route] = &[route(Method::Post, "/auth/token")];
        static OTHER_METHOD: &[Route] = &[route(Method::Get, "/auth/token")];
        static OTHER_NAME: &[Route] = &[route(Method::Get, "/{a}/{b}/users")];
        assert!(router(&[WRITTEN_OUT, SAME]).is_err());
        assert!(router(&[WRITTEN_OUT, OTHER_METHOD]).is_ok());
        assert!(router(&[ANY, OTHER_NAME]).is_err(), "they cannot be told apart");
    }

    /// The path that a route serves, with segments that no route spells out.
    fn path_of(route: &str) -> String {
        let segment = |part: &str| if part.starts_with('{') { "some-0" } else { part }.to_owned();
        route.split('/').map(segment).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_route_of_every_dialect_is_reached_and_leads_to_its_own_edge() {
        let edges: Vec<_> = ringback_dialects::all(&App::default()).edges.into_iter().collect();
        let all: Vec<_> = edges.iter().map(|(_, edge)| Interface::new(Arc::clone(edge))).collect();
        let router = Router::new(&all).unwrap();
        for (name, edge) in &edges {
            for route in edge.routes() {
                let path = path_of(route.path);
                let method = match route.method {
                    Method::Get => http::Method::GET,
                    Method::Post => http::Method::POST,
                    Method::Put => http::Method::PUT,
                    Method::Patch => http::Method::PATCH,
                    Method::Delete => http::Method::DELETE,
                };
                let Found::Route(served, found, params) = router.find(&method, &path) else {
                    panic!("{name}: {:?} {path} is not served", route.method);
                };
                assert_eq!((served.route, found), (route.path, route.method), "{name}");
                assert!(Arc::ptr_eq(&served.interface.edge, edge), "{name}: {path}");
                assert_eq!(params.len(), route.path.matches('{').count(), "{path}");
                assert!(!super::super::is_admin(&path), "{path} is the admin API's");
            }
        }
    }
}
