package io.github.t6j.cli.serve;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** GET /: a page to try the model, one file that needs only this server. */
final class WebPage {
    private final String html;

    WebPage() {
        try (InputStream in = WebPage.class.getResourceAsStream("page.html")) {
            html = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("page.html, which is in the jar, cannot be read", e);
        }
    }

    void answer(Exchange exchange) throws IOException {
        exchange.answerHeader("Content-Security-Policy", "default-src 'none'; connect-src 'self'; img-src data:;"
                + " style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'self';"
                + " frame-ancestors 'none'");
        exchange.text(200, "text/html; charset=utf-8", html);
    }
}
