package io.github.t6j.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Forgetful;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.events.AllocationSite;
import io.github.t6j.events.Events;
import io.github.t6j.flashtpa.FlashTpa;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests that no thread outlives its model, and that a program that closes nothing still ends and frees memory. */
@Isolated
public class LeakTrackerTest {
    private static final String CLEANER = "t6j-cleaner";

    /** Returns the live threads of the engine. */
    public static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("t6j-")).collect(Collectors.toSet());
    }

    private static Set<Thread> others(Set<Thread> before, boolean cleaners) {
        Set<Thread> now = threads();
        now.removeAll(before);
        now.removeIf(thread -> !cleaners && thread.getName().equals(CLEANER));
        return now;
    }

    private static void useAndClose() {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(3));
                Session session = model.newSession()) {
            session.generate("The whale", GenerationOptions.defaults().withMaxTokens(5));
        }
    }

    private static void assertEnd(Set<Thread> before, boolean cleaners) throws InterruptedException {
        for (int i = 0; i < 500 && !others(before, cleaners).isEmpty(); i++) {
            if (cleaners) {
                System.gc();
            }
            Thread.sleep(10);
        }
        assertThat(others(before, cleaners)).isEmpty();
    }

    @Test
    void noThreadOutlivesItsModel() throws InterruptedException {
        Set<Thread> before = new HashSet<>(threads());
        for (int i = 0; i < 5; i++) {
            useAndClose();
        }
        assertThatThrownBy(() -> Model.load(TestData.path("hostile/zero-width")))
                .isInstanceOf(ModelFormatException.class);
        try (FlashTpa flash = new FlashTpa(new FlashTpa.Shape(2, 4, 4, 1, 1, 1))) {
            flash.newCache(1).close();
            flash.newCache(1);
        }
        assertEnd(before, false);
        assertEnd(before, true);
    }

    @Test
    void aReachableClosedModelHasNoThreads() throws InterruptedException {
        Set<Thread> before = new HashSet<>(threads());
        Model model = Model.load(TestData.tiny());
        model.close();
        assertEnd(before, true);
        assertThatThrownBy(model::info).hasMessageContaining("closed");
    }

    /** A collection between the end of close() and that of the tracker's thread finds a closed model. */
    @Test
    void aClosedModelIsNoLeak(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("t6j.Leak");
            recording.start();
            for (boolean closed : new boolean[] {true, false}) {
                AtomicInteger freed = new AtomicInteger();
                ModelUse use = new ModelUse(freed::incrementAndGet);
                AllocationSite site = Events.allocationSite(closed ? "closed" : "open");
                if (closed) {
                    use.close();
                }
                use.unreachable(site);
                assertThat(use.isClosed()).isTrue();
                assertThat(freed).hasValue(1);
            }
            recording.stop();
            recording.dump(file);
        }
        assertThat(RecordingFile.readAllEvents(file)).filteredOn(event -> event.getEventType().getName().equals(
                "t6j.Leak")).hasSize(1);
    }

    /** A collection while a model closes its sessions finds some that are still open, but not forgotten. */
    @Test
    void aSessionThatItsModelClosesIsNoLeak(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("events.jfr");
        AtomicInteger freed = new AtomicInteger();
        try (Recording recording = new Recording()) {
            recording.enable("t6j.Leak");
            recording.start();
            ModelUse model = new ModelUse(freed::incrementAndGet);
            AllocationSite site = Events.allocationSite("session");
            List<SessionUse> sessions = new ArrayList<>();
            for (int i = 0; i < 3; i++) { // the first that is closed finds the others open
                sessions.add(new SessionUse(model, () -> {
                    freed.incrementAndGet();
                    sessions.forEach(session -> model.unreachable(session, site));
                }));
            }
            model.close();
            assertThat(sessions).allMatch(SessionUse::isClosed);
            recording.stop();
            recording.dump(file);
        }
        assertThat(freed).hasValue(4);
        assertThat(RecordingFile.readAllEvents(file)).noneMatch(
                event -> event.getEventType().getName().equals("t6j.Leak"));
    }

    /** The switch in the documentation records each leak with the stack that opened the object. */
    @Test
    void theDocumentedSwitchRecordsLeaks(@TempDir Path folder) throws Exception {
        String documented = "-XX:StartFlightRecording:+t6j.Leak#enabled=true";
        assertThat(TestData.path("../cli/docs/library-operate.md")).content().contains(documented);
        Path file = folder.resolve("leaks.jfr");
        run("forget", folder.resolve("err"), documented + ",filename=" + file);
        List<RecordedEvent> leaks = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("t6j.Leak")).toList();
        assertThat(leaks).extracting(leak -> leak.getString("kind")).contains("session", "model");
        assertThat(leaks).allSatisfy(
                leak -> assertThat(leak.getString("allocationSite")).contains(Forgetful.class.getName()));
    }

    /** A session that only a running call references is not closed before the call ends. */
    @Tag("full")
    @Test
    void aCallKeepsItsSessionOpen() throws Exception {
        int[] ids = new int[200];
        try (Model model = Model.load(TestData.tiny())) {
            SessionOptions options = SessionOptions.defaults().withContextLength(ids.length);
            FutureTask<Integer> task = new FutureTask<>(() -> {
                for (int i = 0; i < 3; i++) {
                    model.newSession(options).prefill(ids);
                }
                return 3;
            });
            Thread.ofPlatform().start(task);
            while (!task.isDone()) {
                System.gc();
                Thread.sleep(5);
            }
            assertThat(task.get()).isEqualTo(3);
        }
    }

    /** Runs {@link Forgetful} in a JVM of its own and returns its stdout; stderr goes to {@code err}. */
    private static String run(String how, Path err, String... options)
            throws IOException, InterruptedException, URISyntaxException {
        Path engine = Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path tests = Path.of(Forgetful.class.getResource("Forgetful.class").toURI());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx200m", "-cp",
                engine + File.pathSeparator + tests.getParent().getParent().getParent().getParent(),
                "--add-modules", "jdk.incubator.vector"));
        command.addAll(List.of(options));
        command.addAll(List.of(Forgetful.class.getName(), how, TestData.tiny().toString()));
        Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        String printed = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(printed + Files.readString(err)).isZero();
        return printed;
    }

    @Test
    void aProgramThatClosesNothingEnds(@TempDir Path folder) throws Exception {
        Path err = folder.resolve("err");
        assertThat(run("leave", err)).isEqualToIgnoringNewLines("5");
        assertThat(err).content().doesNotContain("never closed");
    }

    @Test
    void unreachableObjectsAreClosedWithOneWarning(@TempDir Path folder) throws Exception {
        Path err = folder.resolve("err");
        assertThat(run("forget", err).lines()).containsExactly(
                "a session is closed: true", "a session is closed: true", "model closed: false",
                "the model is closed: true", "memory of the model is freed: true", "memory of a cache is freed: true",
                "no thread is left: true");
        assertThat(err).content().containsOnlyOnce("was never closed")
                .contains("a session of t6j was never closed; it is unreachable and is closed now.");
    }
}
