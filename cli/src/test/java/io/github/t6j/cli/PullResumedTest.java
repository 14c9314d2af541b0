package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.cli.FakeHub.Request;
import io.github.t6j.cli.hub.Hub;
import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubException;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.Pull;
import io.github.t6j.cli.hub.Timeouts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Broken connections, busy servers, damaged files, and Ctrl-C. */
@Timeout(120)
class PullResumedTest extends PullFixture {
    private static final Timeouts SHORT = new Timeouts(Duration.ofMillis(10), Duration.ofSeconds(20));

    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final List<Long> begun = new ArrayList<>();
    private final LongAdder moved = new LongAdder();
    private byte[] weights;
    private Path blob;
    private Path partial;

    @BeforeEach
    void beginBlobs() throws IOException {
        weights = Files.readAllBytes(LLAMA.resolve(WEIGHTS));
        Path blobs = Files.createDirectories(repository.resolve("blobs"));
        blob = blobs.resolve(FakeHub.sha256(weights));
        partial = blobs.resolve(FakeHub.sha256(weights) + ".t6j.incomplete");
    }

    private void pull(Timeouts timeouts) throws IOException, InterruptedException {
        HubSettings settings = new HubSettings(environment);
        Pull.Watcher watcher = new Pull.Watcher() {
            @Override
            public void begins(int files, long bytes, long there) {
                begun.addAll(List.of((long) files, bytes, there));
            }

            @Override
            public void moved(long bytes) {
                moved.add(bytes);
            }
        };
        try (Hub client = new Hub(settings, timeouts, notes::add)) {
            new Pull(client, new HubCache(settings), watcher).run(ModelName.parse("org/name").orElseThrow());
        }
    }

    private void assertPulled() {
        assertThat(blob).hasBinaryContent(weights);
        assertThat(partial).doesNotExist();
    }

    private List<String> ranges() {
        return hub.requests.stream().filter(request -> !request.hub()).map(Request::range).toList();
    }

    @Test
    void aCutConnectionIsResumed() throws Exception {
        hub.elsewhereFaults.add(hub.cutAfter(50_000));
        hub.elsewhereFaults.add(hub.cutAfter(20_000));
        pull(SHORT);

        assertPulled();
        assertThat(ranges()).containsExactly(null, "bytes=50000-", "bytes=70000-");
    }

    /** The count of failures starts again whenever bytes arrive. */
    @Test
    void slowProgressIsProgress() throws Exception {
        for (int i = 0; i < 12; i++) {
            hub.elsewhereFaults.add(hub.cutAfter(1000));
        }
        pull(SHORT);
        assertPulled();
    }

    @Test
    void anEarlierPullIsContinued() throws Exception {
        Files.write(partial, Arrays.copyOf(weights, 100_000));
        pull(SHORT);

        assertPulled();
        assertThat(ranges()).containsExactly("bytes=100000-");
    }

    /** A pull that was killed between the last byte and the renaming of the file. */
    @Test
    void wholeFilesAreOnlyRenamed() throws Exception {
        Files.write(partial, weights);
        pull(SHORT);

        assertPulled();
        assertThat(ranges()).isEmpty();
    }

    @Test
    void partsLongerThanTheFileAreDiscarded() throws Exception {
        Files.write(partial, Arrays.copyOf(weights, weights.length + 1));
        pull(SHORT);
        assertPulled();
        assertThat(ranges()).containsExactly((String) null);
    }

    @Test
    void aDamagedPartIsGotOnceMore() throws Exception {
        byte[] part = Arrays.copyOf(weights, 100_000);
        part[5]++;
        Files.write(partial, part);
        pull(SHORT);

        assertPulled();
        assertThat(ranges()).containsExactly("bytes=100000-", null);
        assertThat(notes).anyMatch(note -> note.contains("expected the SHA-256 " + FakeHub.sha256(weights)));
    }

    /** Some proxies ignore ranges. */
    @Test
    void aServerThatIgnoresRangesSendsAll() throws Exception {
        Files.write(partial, Arrays.copyOf(weights, 100_000));
        hub.elsewhereFaults.add(FakeHub.bytes(weights));
        pull(SHORT);
        assertPulled();
    }

    @Test
    void anotherRangeThanAskedForIsNotUsed() throws Exception {
        Files.write(partial, Arrays.copyOf(weights, 100_000));
        hub.elsewhereFaults.add(exchange -> {
            exchange.getResponseHeaders().set("Content-Range",
                    "bytes 0-" + (weights.length - 1) + "/" + weights.length);
            exchange.sendResponseHeaders(206, weights.length);
            exchange.getResponseBody().write(weights);
            return true;
        });
        pull(SHORT);
        assertPulled();
    }

    @Test
    void wrongBytesAreRefused() {
        byte[] wrong = weights.clone();
        wrong[7]++;
        hub.elsewhereFaults.add(FakeHub.bytes(wrong));
        hub.elsewhereFaults.add(FakeHub.bytes(wrong));
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class).hasMessage(WEIGHTS
                + ": expected the SHA-256 " + FakeHub.sha256(weights) + ", found " + FakeHub.sha256(wrong)
                + ": the hub or the network damages the file: pull again later");
        assertThat(blob).doesNotExist();
        assertThat(partial).isEmptyFile();
    }

    @Test
    void wrongBytesOfASmallFileAreRefused() {
        byte[] config = hub.files.get("config.json");
        byte[] wrong = config.clone();
        wrong[3]++;
        for (int i = 0; i < 20; i++) {
            hub.hubFaults.add(exchange -> exchange.getRequestURI().getPath().endsWith("config.json")
                    && FakeHub.bytes(wrong).answers(exchange));
        }
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class).hasMessageStartingWith(
                "config.json: expected git's SHA-1 " + FakeHub.git(config) + ", found " + FakeHub.git(wrong));
        assertThat(blob.resolveSibling(FakeHub.git(config))).doesNotExist();
    }

    @Test
    void anotherHashOfASmallFileThanListedIsRefused() {
        hub.listed.put("config.json", Map.of("blobId", "a".repeat(40)));
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessage("config.json: expected git's SHA-1 " + "a".repeat(40) + ", found "
                        + FakeHub.git(hub.files.get("config.json"))
                        + ": the hub or the network damages the file: pull again later");
    }

    @Test
    void anotherETagThanListedIsRefused() {
        hub.listed.put(WEIGHTS, Map.of("lfs", Map.of("sha256", "b".repeat(64), "size", (long) weights.length)));
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessage(WEIGHTS + ": expected the ETag " + "b".repeat(64) + " from the hub's list, found "
                        + FakeHub.sha256(weights) + ": the file has changed: pull again");
    }

    /** The hashes of the list decide; a note says so once for all files. */
    @Test
    void aMirrorMayHaveItsOwnETags() throws Exception {
        hub.files.put("generation_config.json", "{}".getBytes(StandardCharsets.UTF_8));
        hub.ownTags = true;
        pull(SHORT);
        assertThat(notes)
                .containsExactly("note: " + hub.endpoint() + ": its ETags differ from the hashes that it lists,"
                        + " as on some mirrors: t6j checks the files against the listed hashes");
        assertThat(snapshot.resolve("config.json")).hasBinaryContent(hub.files.get("config.json"));
        assertPulled();
    }

    /** Bytes of an earlier pull count as present, not as downloaded. */
    @Test
    void partsOfFilesArePresent() throws Exception {
        Files.write(partial, Arrays.copyOf(weights, 100_000));
        pull(SHORT);
        long config = hub.files.get("config.json").length;
        assertThat(begun).containsExactly(2L, weights.length + config, 100_000L);
        assertThat(moved.sum()).isEqualTo(weights.length - 100_000 + config);
    }

    @Test
    void wrongSizesAreRefused() {
        hub.elsewhereFaults.add(FakeHub.bytes(Arrays.copyOf(weights, 1000)));
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessage(WEIGHTS + ": expected 213232 bytes as in the hub's list, found 1000: pull again later");
        hub.elsewhereFaults.add(exchange -> { // without a length
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(Arrays.copyOf(weights, weights.length + 1));
            return true;
        });
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessage(WEIGHTS + ": expected 213232 bytes, found more");
        assertThat(blob).doesNotExist();
    }

    @Test
    void retryAfterIsKeptTo() throws Exception {
        hub.hubFaults.add(FakeHub.status(429, "Retry-After", "1"));
        pull(SHORT);
        assertPulled();
        assertThat(hub.requests.get(1).nanos() - hub.requests.get(0).nanos()).isGreaterThan(1_000_000_000L);
        assertThat(notes.getFirst()).contains("status 429: trying again in 1 s");
    }

    @Test
    void retryAfterMayBeADate() throws Exception {
        ZonedDateTime then = ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(2).withNano(0);
        hub.hubFaults.add(FakeHub.status(503, "Retry-After", DateTimeFormatter.RFC_1123_DATE_TIME.format(then)));
        pull(SHORT);
        assertPulled();
        assertThat(ZonedDateTime.now(ZoneOffset.UTC)).isAfter(then);
    }

    @Test
    void aDelayOfAnHourIsNotWaitedFor() {
        hub.elsewhereFaults.add(FakeHub.status(429, "Retry-After", "3600"));
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessageContaining("the server asks to wait for 3600 s");
    }

    @Test
    void pausesGrowAndEnd() {
        for (int i = 0; i < 6; i++) {
            hub.hubFaults.add(FakeHub.status(500, "X", "x"));
        }
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessageContaining("failed 6 times, the last time with: " + hub.endpoint() + ": status 500");
        assertThat(notes).extracting(note -> note.replaceFirst(".* in ", ""))
                .containsExactly("10 ms", "20 ms", "40 ms", "80 ms", "160 ms");
    }

    /** Once a server has answered, one that cannot be reached is asked again. */
    @Test
    void aServerThatGoesAwayIsAskedAgain() {
        hub.hubFaults.add(exchange -> {
            hub.closeElsewhere();
            return false;
        });
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessageContaining(WEIGHTS + ": failed 6 times, the last time with: " + hub.elsewhere())
                .hasMessageContaining("check the network, HF_ENDPOINT and HTTPS_PROXY");
        assertThat(notes).hasSize(5);
    }

    /** An expired address: the hub returns a new one. */
    @Test
    void anExpiredAddressIsAskedForAgain() throws Exception {
        hub.elsewhereFaults.add(FakeHub.status(403, "X", "x"));
        pull(SHORT);
        assertPulled();
        assertThat(hub.asked()).filteredOn(WEIGHTS::equals).hasSize(2);
    }

    @Test
    void aServerThatFallsSilentIsLeft() throws Exception {
        hub.elsewhereFaults.add(exchange -> {
            exchange.sendResponseHeaders(200, weights.length);
            exchange.getResponseBody().write(weights, 0, 30_000);
            exchange.getResponseBody().flush();
            FakeHub.sleep(5000);
            return true;
        });
        pull(new Timeouts(Duration.ofMillis(10), Duration.ofSeconds(1)));
        assertPulled();
        assertThat(ranges()).containsExactly(null, "bytes=30000-");
        assertThat(notes)
                .containsExactly(WEIGHTS + ": expected more bytes, found none within 1 s: trying again in 10 ms");
    }

    @Test
    void nowhereElseThanAServerIsGoneTo() {
        hub.hubFaults.add(FakeHub.status(302, "Location", "file:///etc/passwd"));
        assertThatThrownBy(() -> pull(SHORT)).isInstanceOf(HubException.class)
                .hasMessageContaining("expected a redirect to https");
    }

    @Test
    void endlessRedirectsEnd() {
        for (int i = 0; i < 20; i++) {
            hub.hubFaults.add(FakeHub.status(302, "Location", "/again"));
        }
        assertThatThrownBy(() -> pull(SHORT)).hasMessageContaining("found more than 10 redirects");
    }

    private LaunchedProcess launch() {
        ProcessBuilder builder = LaunchedProcess.builder(
                LaunchedProcess.classes(OnTerminal.class, "--add-modules=jdk.incubator.vector,java.net.http"), "pull",
                "org/name");
        builder.environment().keySet().removeIf(name -> name.startsWith("HF_") || name.startsWith("XDG_"));
        builder.environment().putAll(environment);
        return LaunchedProcess.start(builder);
    }

    /** Two processes: the second waits for the first one's download. */
    @Tag("full")
    @Test
    void twoProcessesGetItOnce() throws Exception {
        hub.speed = 40_000;
        LaunchedProcess launched = launch();
        while (!Files.exists(partial) || Files.size(partial) == 0) {
            FakeHub.sleep(10);
        }
        pull(SHORT);
        assertPulled();
        assertThat(launched.end().code()).isZero();
        assertThat(notes).containsExactly(WEIGHTS + ": another process is pulling it: waiting for it");
        assertThat(ranges()).hasSize(1);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void anInterruptKeepsTheReceivedBytes() throws Exception {
        hub.speed = 40_000;
        LaunchedProcess launched = launch();
        launched.awaitErr("left");
        while (!Files.exists(partial) || Files.size(partial) == 0) {
            FakeHub.sleep(10);
        }
        launched.signal("INT");

        CommandResult ran = launched.end(10);
        assertThat(ran.code()).isEqualTo(Main.INTERRUPTED);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains("interrupted: run the same command again");
        assertThat(Files.size(partial)).isBetween(1L, weights.length - 1L);
        assertThat(blob).doesNotExist();

        long came = Files.size(partial);
        hub.requests.clear();
        hub.speed = Integer.MAX_VALUE;
        pull(SHORT);
        assertPulled();
        assertThat(ranges()).containsExactly("bytes=" + came + "-");
    }
}
