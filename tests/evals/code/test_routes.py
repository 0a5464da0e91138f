"""Routes of each framework: method, full path, and the guards that stand before them."""

import pytest

from evals.code.routes import shape
from evals.code.view import build_view

FASTAPI = {
    "app/deps.py": (
        "from fastapi import Depends, HTTPException\nfrom fastapi.security import HTTPBearer\n"
        "bearer = HTTPBearer(auto_error=False)\n"
        "def user(token=Depends(bearer)):\n    if token is None:\n        raise HTTPException(status_code=401)\n"
    ),
    "app/notes.py": (
        "from fastapi import APIRouter, Depends\nfrom .deps import user\nrouter = APIRouter(prefix='/notes')\n"
        "@router.get('/{note_id}')\ndef read(note_id: int, me=Depends(user)): ...\n"
        "@router.post('')\ndef create(): ...\n"
    ),
    "app/main.py": (
        "from fastapi import FastAPI\nfrom .notes import router\napp = FastAPI()\n"
        "app.include_router(router, prefix='/api')\n"
    ),
}
FLASK = {
    "app.py": (
        "from flask import Blueprint, Flask\nbp = Blueprint('a', __name__, url_prefix='/v1')\n"
        "@bp.route('/items/<int:i>', methods=['GET', 'DELETE'])\ndef item(i): ...\n"
        "def create_app():\n    app = Flask(__name__)\n    app.register_blueprint(bp)\n    return app\n"
    ),
}
EXPRESS = {
    "app.js": (
        "const express = require('express');\nconst app = express();\n"
        "app.use('/api/users', require('./users'));\n"
    ),
    "users.js": (
        "const { Router } = require('express');\nconst { requireAuth } = require('./auth');\nconst router = Router();\n"
        "router.get('/:id', (req, res) => res.json({}));\n"
        "router.route('/').post(requireAuth, (req, res) => res.json({}));\n"
        "module.exports = router;\n"
    ),
    "auth.js": "exports.requireAuth = (req, res, next) => { res.status(401).end(); };\n",
}
GIN = {
    "main.go": (
        'package main\n\nimport "github.com/gin-gonic/gin"\n\nfunc key(c *gin.Context) { c.AbortWithStatus(401) }\n'
        'func get(c *gin.Context) {}\n\nfunc main() {\n\tr := gin.Default()\n\tapi := r.Group("/api")\n'
        '\tapi.GET("/things/:id", get)\n\tapi.Use(key)\n\tapi.POST("/things", get)\n}\n'
    ),
}
DJANGO = {
    "urls.py": (
        "from django.urls import path\nfrom . import views\n"
        "urlpatterns = [path('notes/<int:pk>/', views.note)]\n"
    ),
    "views.py": (
        "from django.contrib.auth.decorators import login_required\n"
        "@login_required\ndef note(request, pk):\n    if request.method == 'DELETE':\n        return None\n"
    ),
}

SPRING = {
    "src/main/java/a/Users.java": (
        'package a;\n@RestController\n@RequestMapping("/api/users")\npublic class Users {\n'
        "  @PostMapping\n  @PreAuthorize(\"hasRole('ADMIN')\")\n  public User make(New n) { return null; }\n"
        '  @GetMapping("/{id}")\n  public User one(@PathVariable Long id) { return null; }\n'
        '  @RequestMapping(value = {"/x", "/y"}, method = RequestMethod.PUT)\n  public User two() { return null; }\n}\n'
    ),
    "src/main/java/a/Security.java": (
        "package a;\nclass Security {\n  SecurityFilterChain chain(HttpSecurity http) {\n"
        "    return http.authorizeHttpRequests(a -> a\n"
        '      .requestMatchers(HttpMethod.GET, "/api/users/**").permitAll()\n'
        "      .anyRequest().authenticated()).build();\n  }\n}\n"
    ),
}
FILTER = {
    "A.java": '@RestController\nclass A {\n  @GetMapping("/a")\n  String a() { return ""; }\n'
    '  @PostMapping("/login")\n  String b() { return ""; }\n}\n',
    "KeyFilter.java": "class KeyFilter extends OncePerRequestFilter {\n"
    '  boolean shouldNotFilter(HttpServletRequest r) { return r.getPath().equals("/login"); }\n'
    "  void doFilterInternal(Request q, Response r) { r.sendError(401); }\n}\n",
}
NEST = {
    "src/users.controller.ts": (
        "@Controller('users')\n@UseGuards(JwtGuard, ThrottlerGuard)\nexport class Users {\n"
        "  @Post()\n  @HttpCode(201)\n  make(@Body() dto: New) { return this.users.make(dto); }\n"
        "  @Public()\n  @Get(':id')\n  one(@Param('id') id: string) { return this.users.one(id); }\n}\n"
    ),
    "src/main.ts": "async function run() { const app = await make(); app.setGlobalPrefix('api'); }\n",
    "src/app.module.ts": "@Module({ providers: [{ provide: APP_GUARD, useClass: RolesGuard }] })\nexport class M {}\n",
}
AXUM = {
    "src/main.rs": (
        'async fn main() {\n    let api = Router::new()\n        .route("/notes", get(list).post(make))\n'
        '        .route_layer(middleware::from_fn(require_auth))\n        .route("/open", get(list));\n'
        '    let app = Router::new().nest("/api", api).nest("/users", users::router());\n}\n'
    ),
    "src/users.rs": (
        'pub fn router() -> Router {\n    Router::new().route("/{id}", get(one).delete(gone))\n}\n'
        "async fn one(claims: Claims, Path(id): Path<i64>) {}\n"
        "async fn gone(user: Option<AuthUser>, Path(id): Path<i64>) {}\n"
    ),
}
ACTIX = {
    "src/main.rs": (
        '#[get("/items/{id}")]\nasync fn item() {}\nasync fn list() {}\nfn main() {\n    App::new()\n'
        '        .service(web::scope("/api").wrap(HttpAuthentication::bearer(check)).service(item))\n'
        '        .service(web::resource("/r/{x}").route(web::put().to(list)))\n        .configure(more);\n}\n'
        'fn more(cfg: &mut Cfg) {\n    cfg.service(web::scope("/v2").route("/z", web::delete().to(list)));\n}\n'
    ),
}


@pytest.mark.parametrize(
    ("files", "routes"),
    [
        (FASTAPI, [("GET", "/api/notes/{note_id}", ["user"]), ("POST", "/api/notes", [])]),
        (FLASK, [("DELETE", "/v1/items/<int:i>", []), ("GET", "/v1/items/<int:i>", [])]),
        (EXPRESS, [("GET", "/api/users/:id", []), ("POST", "/api/users", ["requireAuth"])]),
        (GIN, [("GET", "/api/things/:id", []), ("POST", "/api/things", ["key"])]),
        (DJANGO, [("DELETE", "/notes/<int:pk>", ["login_required"])]),
        (
            SPRING,
            [
                ("POST", "/api/users", ["PreAuthorize", "authenticated"]),
                ("GET", "/api/users/{id}", []),
                ("PUT", "/api/users/x", ["authenticated"]),
                ("PUT", "/api/users/y", ["authenticated"]),
            ],
        ),
        (FILTER, [("GET", "/a", ["KeyFilter"]), ("POST", "/login", [])]),
        (NEST, [("POST", "/api/users", ["RolesGuard", "JwtGuard"]), ("GET", "/api/users/:id", [])]),
        (
            AXUM,
            [
                ("GET", "/api/notes", ["require_auth"]),
                ("POST", "/api/notes", ["require_auth"]),
                ("GET", "/api/open", []),
                ("DELETE", "/users/{id}", []),
                ("GET", "/users/{id}", ["Claims"]),
            ],
        ),
        (ACTIX, [("GET", "/api/items/{id}", ["bearer"]), ("PUT", "/r/{x}", []), ("DELETE", "/v2/z", [])]),
    ],
    ids=["fastapi", "flask", "express", "gin", "django", "spring", "filter", "nest", "axum", "actix"],
)
def test_routes(files: dict[str, str], routes: list[tuple[str, str, list[str]]]) -> None:
    found = [(r.method, r.path, [g.name for g in r.guards]) for r in build_view(files).routes]
    assert found == routes


@pytest.mark.parametrize(
    "path", ["/a/{id}/b", "/a/:id/b/", "a/<int:id>/b", "/a/<id>/b?x=1", "//a/{id:int}/b"]
)
def test_one_path_in_all_spellings(path: str) -> None:
    assert shape(path) == "/a/{}/b"


@pytest.mark.parametrize(
    "text",
    [
        "fn a() { Router::new()" + '.route("/x", get(h))' * 2000 + "; }",
        "fn a() {" + "f(" * 3000 + ")" * 3000 + "}",
        "fn a() { Router::new()" + '.nest("/x", Router::new()' * 800 + ")" * 800 + "; }",
        '#[get("/x")]' * 5000,
        "".join(f"fn r{i}() {{ x{f'.merge(r{i + 1}())' * 30} }}\n" for i in range(20)),
    ],
    ids=["long", "deep", "nested", "attributes", "doubling"],
)
def test_hostile_rust_takes_its_time_in_proportion(text: str) -> None:
    assert len(build_view({"src/main.rs": text}).routes) < 10_000
