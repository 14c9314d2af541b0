package io.github.t6j.cli.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Addresses of the hub and its cache, from the environment variables of Hugging Face's Python library. */
public final class HubSettings {
    private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
    private static final Set<String> YES = Set.of("1", "ON", "YES", "TRUE");
    private static final Pattern VARIABLE = Pattern.compile("\\$(?:(\\w+)|\\{([^}]*)})");
    private static final int LONGEST_TOKEN = 1 << 16;

    private final Map<String, String> environment;

    public HubSettings(Map<String, String> environment) {
        this.environment = environment;
    }

    Map<String, String> environment() {
        return environment;
    }

    /** Returns the folder that has a folder for each repository. */
    public Path cache() {
        return path("HF_HUB_CACHE", path("HUGGINGFACE_HUB_CACHE", home().resolve("hub")));
    }

    /** @throws HubException if HF_ENDPOINT is not the address of a server */
    public URI endpoint() throws HubException {
        String given = environment.getOrDefault("HF_ENDPOINT", "").strip().replaceFirst("/+$", "");
        String text = given.isEmpty() ? DEFAULT_ENDPOINT : given;
        try {
            URI uri = new URI(text);
            if (uri.getHost() != null && Set.of("http", "https").contains(uri.getScheme().toLowerCase(Locale.ROOT))
                    && uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // reported below
        }
        throw new HubException("HF_ENDPOINT: expected an address such as " + DEFAULT_ENDPOINT + ", found " + text);
    }

    /** Returns true if connections are forbidden. */
    public boolean offline() {
        return isYes("HF_HUB_OFFLINE") || isYes("TRANSFORMERS_OFFLINE");
    }

    /** Returns true if snapshots may be symbolic links. */
    boolean links() {
        return !isYes("HF_HUB_DISABLE_SYMLINKS");
    }

    /**
     * Returns the user's token, or null: HF_TOKEN, or else the file of a login.
     *
     * @throws HubException if the token has characters that no header may have
     */
    String token() throws IOException {
        String token = environment.getOrDefault("HF_TOKEN", environment.get("HUGGING_FACE_HUB_TOKEN"));
        Path file = path("HF_TOKEN_PATH", home().resolve("token"));
        String where = "HF_TOKEN";
        if (isYes("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
            return null;
        }
        if ((token == null || token.isBlank()) && Files.isRegularFile(file) && Files.size(file) <= LONGEST_TOKEN) {
            token = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
            where = file.toString();
        }
        token = token == null ? "" : token.replaceAll("[\r\n]", "").strip();
        if (!token.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new HubException(where + ": expected a token of letters and digits, found other characters");
        }
        return token.isEmpty() ? null : token;
    }

    private Path home() {
        Path caches = path("XDG_CACHE_HOME", user().resolve(".cache"));
        return path("HF_HOME", caches.resolve("huggingface"));
    }

    private Path user() {
        String home = environment.get("HOME");
        return Path.of(home == null || home.isEmpty() ? System.getProperty("user.home") : home);
    }

    private boolean isYes(String name) {
        return YES.contains(environment.getOrDefault(name, "").toUpperCase(Locale.ROOT));
    }

    /** Returns the path in a variable, expanding ~ and other variables as Python does. */
    private Path path(String name, Path absent) {
        String text = environment.get(name);
        if (text == null || text.isEmpty()) {
            return absent;
        }
        if (text.equals("~") || text.startsWith("~/") || text.startsWith("~\\")) {
            text = user() + text.substring(1);
        }
        return Path.of(VARIABLE.matcher(text).replaceAll(found -> {
            String variable = found.group(1) == null ? found.group(2) : found.group(1);
            return Matcher.quoteReplacement(environment.getOrDefault(variable, found.group()));
        }));
    }
}
