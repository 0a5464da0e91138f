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


@pytest.mark.parametrize(
    ("files", "routes"),
    [
        (FASTAPI, [("GET", "/api/notes/{note_id}", ["user"]), ("POST", "/api/notes", [])]),
        (FLASK, [("DELETE", "/v1/items/<int:i>", []), ("GET", "/v1/items/<int:i>", [])]),
        (EXPRESS, [("GET", "/api/users/:id", []), ("POST", "/api/users", ["requireAuth"])]),
        (GIN, [("GET", "/api/things/:id", []), ("POST", "/api/things", ["key"])]),
        (DJANGO, [("DELETE", "/notes/<int:pk>", ["login_required"])]),
    ],
    ids=["fastapi", "flask", "express", "gin", "django"],
)
def test_routes(files: dict[str, str], routes: list[tuple[str, str, list[str]]]) -> None:
    found = [(r.method, r.path, [g.name for g in r.guards]) for r in build_view(files).routes]
    assert found == routes


@pytest.mark.parametrize(
    "path", ["/a/{id}/b", "/a/:id/b/", "a/<int:id>/b", "/a/<id>/b?x=1", "//a/{id:int}/b"]
)
def test_one_path_in_all_spellings(path: str) -> None:
    assert shape(path) == "/a/{}/b"
