"""The web page as files: templates, style and script, put together by `ketcli.render.html`."""
