package io.github.t6j.cli.serve;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** GET /: a page to try the model, in one file: its style sheets, fonts and scripts are joined into it. */
final class WebPage {
    private static final Pattern STYLE = Pattern.compile("<link rel=\"stylesheet\" href=\"([^\"]*)\">");
    private static final Pattern SCRIPT = Pattern.compile("<script src=\"([^\"]*)\"></script>");

    private static final Pattern FONT = Pattern.compile("url\\((fonts/[\\w-]+\\.woff2)\\)");
    private static final Pattern OTHER_FORMATS =
            Pattern.compile(",url\\(fonts/[\\w-]+\\.(?:woff|ttf)\\) format\\(\"\\w+\"\\)");

    private final String html;
    private final String policy;

    WebPage() {
        List<String> styles = new ArrayList<>();
        List<String> scripts = new ArrayList<>();
        String page = STYLE.matcher(read("page.html")).replaceAll(link -> joined("style", link, styles));
        html = SCRIPT.matcher(page).replaceAll(link -> joined("script", link, scripts));
        policy = "default-src 'none'; connect-src 'self'; img-src data:; font-src data:; style-src "
                + String.join(" ", styles)
                + "; script-src " + String.join(" ", scripts)
                + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    /** Returns an element with the content of the linked file, and adds its hash to the policy's hashes. */
    private static String joined(String element, MatchResult link, List<String> hashes) {
        String name = link.group(1);
        String content = "\n" + (name.endsWith(".css") ? withFonts(name) : read(name));
        hashes.add("'sha256-" + Base64.getEncoder().encodeToString(sha256(content)) + "'");
        return Matcher.quoteReplacement("<" + element + ">" + content + "</" + element + ">");
    }

    /** Returns a style sheet with its fonts, the smallest format of each. */
    private static String withFonts(String name) {
        String folder = name.substring(0, name.lastIndexOf('/') + 1);
        String smallest = OTHER_FORMATS.matcher(read(name)).replaceAll("");
        return FONT.matcher(smallest).replaceAll(font -> "url(data:font/woff2;base64,"
                + Base64.getEncoder().encodeToString(bytes(folder + font.group(1))) + ")");
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256, which every JDK has, is missing", e);
        }
    }

    private static String read(String name) {
        return new String(bytes(name), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String name) {
        try (InputStream in = WebPage.class.getResourceAsStream("page/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(name + ", which is in the jar, cannot be read", e);
        }
    }

    void answer(Exchange exchange) throws IOException {
        exchange.answerHeader("Content-Security-Policy", policy);
        exchange.answerHeader("Referrer-Policy", "no-referrer");
        exchange.text(200, "text/html; charset=utf-8", html);
    }
}
