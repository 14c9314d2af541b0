package io.github.t6j.cli.hub;

import io.github.t6j.ModelFormatException;
import io.github.t6j.cli.hub.Http.Answer;
import io.github.t6j.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** A Hugging Face hub: lists the files of repositories and opens them. */
public final class Hub implements AutoCloseable {
    /** Largest listing in bytes: a hundred thousand files. */
    private static final int LONGEST_LISTING = 64 << 20;
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Set<Integer> PASSING = Set.of(408, 425, 429, 500, 502, 503, 504);

    private final URI endpoint;
    private final Timeouts timeouts;
    private final Consumer<String> notes;
    private final Http http;
    private final AtomicBoolean noted = new AtomicBoolean();

    /**
     * @param notes receives the failures that are retried
     * @throws IOException if the settings are wrong
     */
    public Hub(HubSettings settings, Timeouts timeouts, Consumer<String> notes) throws IOException {
        if (settings.offline()) {
            throw new HubException("HF_HUB_OFFLINE is set, so t6j cannot pull: unset it, or use a pulled model"
                    + " (t6j models lists them)");
        }
        this.endpoint = settings.endpoint();
        this.timeouts = timeouts;
        this.notes = notes;
        this.http = new Http(endpoint, settings.token(), new Proxies(settings.environment()), timeouts);
    }

    Retries retries(String what) {
        return new Retries(what, timeouts, notes, http::hasAnswered);
    }

    /** Notes once that the ETags of files differ from the listed hashes, as a mirror's may. */
    void noteOtherTags() {
        if (!noted.getAndSet(true)) {
            notes.accept("note: " + endpoint + ": its ETags differ from the hashes that it lists, as on some mirrors:"
                    + " t6j checks the files against the listed hashes");
        }
    }

    void note(String text) {
        notes.accept(text);
    }

    /** Returns the listing of the repository at the revision of {@code name}. */
    public Listing list(ModelName name) throws IOException, InterruptedException {
        URI uri = uri("/api/models/" + name.repository() + "/revision/" + encoded(name.revision()) + "?blobs=true");
        byte[] json = retries(name.repository()).run(() -> {
            try (Answer answer = http.send("GET", uri, Map.of("Accept", "application/json"))) {
                check(answer, name.repository(), name.revision());
                return read(answer, uri);
            }
        });
        try {
            return listing(json, uri);
        } catch (ModelFormatException | ClassCastException e) {
            throw new HubException(uri + ": expected a list of files, found another answer: " + e.getMessage(), e);
        }
    }

    private static byte[] read(Answer answer, URI uri) throws IOException, InterruptedException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] piece = new byte[1 << 16];
        for (int n = answer.body().read(piece); n >= 0; n = answer.body().read(piece)) {
            all.write(piece, 0, n);
            if (all.size() > LONGEST_LISTING) {
                throw new HubException(uri + ": expected at most " + LONGEST_LISTING + " bytes, found more");
            }
        }
        return all.toByteArray();
    }

    private static Listing listing(byte[] json, URI uri) throws HubException {
        Map<String, Object> answer = Json.parseObject(json, "its answer");
        if (!(answer.get("sha") instanceof String commit) || !COMMIT.matcher(commit).matches()) {
            throw new HubException(uri + ": sha: expected a commit, found " + Json.writeLine(answer.get("sha")));
        }
        List<RemoteFile> files = new ArrayList<>();
        for (Object sibling : Json.array(answer.get("siblings"), "siblings")) {
            files.add(file(Json.object(sibling, "siblings"), uri));
        }
        return new Listing(commit, files);
    }

    private static RemoteFile file(Map<String, Object> sibling, URI uri) throws HubException {
        String path = (String) sibling.get("rfilename");
        String reason = path == null ? "no name" : FileNames.unsafeReason(path);
        if (reason != null) {
            throw new HubException(uri + ": expected names inside the repository, found " + reason + ": " + path);
        }
        Object size = sibling.get("size");
        Object id = sibling.get("blobId");
        if (sibling.get("lfs") instanceof Map<?, ?> large) {
            size = large.get("size") == null ? size : large.get("size");
            id = large.get("sha256");
        }
        boolean isHash =
                id instanceof String text && (COMMIT.matcher(text).matches() || SHA256.matcher(text).matches());
        boolean isSize = size instanceof Long bytes && bytes >= 0;
        return new RemoteFile(path, isSize ? (Long) size : -1, isHash ? (String) id : null);
    }

    /** Returns {@code file} with its size and its blob's name; asks the hub if its listing has neither. */
    RemoteFile complete(RemoteFile file, ModelName name, String commit) throws IOException, InterruptedException {
        if (file.id() != null && file.size() >= 0) {
            return file;
        }
        URI uri = uri(file, name, commit);
        return retries(file.path()).run(() -> {
            try (Answer answer = http.send("HEAD", uri, Map.of())) {
                check(answer, name.repository(), commit);
                String tag = answer.tag();
                long size = answer.hub().firstValueAsLong("X-Linked-Size").orElse(answer.headers()
                        .firstValueAsLong("Content-Length").orElse(-1));
                if (tag == null || !RemoteFile.isId(tag)) {
                    throw new HubException(uri + ": expected an ETag that can name a file, found " + tag);
                }
                return new RemoteFile(file.path(), size, tag);
            }
        });
    }

    /**
     * Opens a file's bytes from {@code offset} on, or all of them, as the status says.
     *
     * @throws IOException if that fails; a {@link HubException} if a retry cannot help
     */
    Answer open(RemoteFile file, ModelName name, String commit, long offset) throws IOException, InterruptedException {
        Answer answer = http.send("GET", uri(file, name, commit),
                offset == 0 ? Map.of() : Map.of("Range", "bytes=" + offset + "-"));
        try {
            if (answer.status() != 416) {
                check(answer, name.repository(), commit);
            }
            return answer;
        } catch (IOException | RuntimeException e) {
            answer.close();
            throw e;
        }
    }

    private URI uri(RemoteFile file, ModelName name, String commit) {
        StringBuilder path = new StringBuilder("/" + name.repository() + "/resolve/" + commit);
        for (String part : file.path().split("/")) {
            path.append('/').append(encoded(part));
        }
        return uri(path.toString());
    }

    private URI uri(String path) {
        return URI.create(endpoint + path);
    }

    private static String encoded(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Throws the exception for an answer that is not a success. */
    private void check(Answer answer, String repository, String revision) throws IOException {
        int status = answer.status();
        if (status / 100 == 2) {
            return;
        }
        String where = answer.from().getScheme() + "://" + answer.from().getAuthority();
        if (PASSING.contains(status) || !answer.here()) { // the address of another server may have expired
            throw new RetryableException(where + ": status " + status, pause(answer));
        }
        String code = answer.headers().firstValue("X-Error-Code").orElse("");
        String message = answer.headers().firstValue("X-Error-Message").orElse("status " + status);
        String token = http.hasToken() ? "the token (HF_TOKEN) does not give access to it" : "HF_TOKEN is not set";
        throw new HubException(switch (code) {
            case "GatedRepo" ->
                repository + ": gated, and " + token + ": accept its terms at " + endpoint + "/" + repository
                        + ", and set HF_TOKEN to a token of that account";
            case "RevisionNotFound" -> repository + ": expected a branch, tag or commit, found no " + revision;
            case "EntryNotFound" -> repository + ": " + answer.from() + ": no such file";
            case "RepoNotFound" -> missing(repository, where, token);
            default -> switch (status) {
                case 401 -> http.hasToken() && message.contains("credentials")
                        ? where + ": refuses the token as invalid: set HF_TOKEN, or remove the file of an old login"
                        : missing(repository, where, token);
                case 404 -> missing(repository, where, token);
                case 403 -> repository + ": " + where + " refuses: " + message + "; " + token;
                default -> answer.from() + ": expected the file, found status " + status + ": " + message;
            };
        });
    }

    private static String missing(String repository, String where, String token) {
        return repository + ": " + where + ": no such model, or it is private and " + token + ": check the name";
    }

    private static Duration pause(Answer answer) {
        String text = answer.headers().firstValue("Retry-After").orElse("");
        if (text.matches("\\d{1,9}")) {
            return Duration.ofSeconds(Long.parseLong(text));
        }
        try {
            ZonedDateTime then = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
            Duration pause = Duration.between(ZonedDateTime.now(then.getZone()), then);
            return pause.isNegative() ? Duration.ZERO : pause;
        } catch (DateTimeException e) {
            return null;
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
