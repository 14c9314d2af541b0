package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.sampling.SamplingOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests the events of JDK Flight Recorder, and the engine in an image of Java without the recorder. */
@Isolated
class EventsTest {
    private static final List<String> KINDS =
            List.of("ModelLoad", "Prefill", "DecodeStep", "CacheGrowth", "QueueWait", "Run");

    @TempDir
    Path folder;

    private static int[] ids(int count) {
        return IntStream.range(0, count).map(i -> i * 7 % 100).toArray();
    }

    /** Records what {@code body} does. */
    private List<RecordedEvent> record(Runnable body, String... kinds) throws IOException {
        Path file = folder.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            for (String kind : kinds) {
                recording.enable("t6j." + kind);
            }
            recording.start();
            body.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("t6j.")).toList();
    }

    private static List<RecordedEvent> of(List<RecordedEvent> events, String kind) {
        return events.stream().filter(event -> event.getEventType().getName().equals("t6j." + kind)).toList();
    }

    private static long sum(List<RecordedEvent> events, String kind, ToLongFunction<RecordedEvent> field) {
        return of(events, kind).stream().mapToLong(field).sum();
    }

    @Test
    void aRecordingHasLoadPassesAndGrowth() throws IOException {
        long[] bytes = new long[2];
        List<RecordedEvent> events = record(() -> {
            try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2));
                    Session session = model.newSession();
                    Session other = model.newSession()) {
                bytes[0] = model.weightBytes();
                session.prefill(ids(200));
                for (int i = 0; i < 5; i++) {
                    session.step(i);
                }
                model.step(List.of(session, other), 1, 2);
                model.feed(List.of(session, other), new int[] {3}, ids(70));
                bytes[1] = model.cacheBytes();
            }
        }, KINDS.toArray(String[]::new));
        assertThat(of(events, "ModelLoad")).singleElement().satisfies(load -> {
            assertThat(load.getString("path")).isEqualTo(TestData.tiny().toString());
            assertThat(load.getLong("weightBytes")).isEqualTo(bytes[0]);
            assertThat(load.getInt("threads")).isEqualTo(2);
            assertThat(load.getDuration().toNanos()).isPositive();
        });
        assertThat(of(events, "Prefill")).extracting(event -> event.getInt("ids")).containsExactly(128, 72);
        assertThat(of(events, "DecodeStep")).hasSize(7);
        assertThat(sum(events, "DecodeStep", event -> event.getInt("sessions"))).isEqualTo(5 + 2 + 1);
        assertThat(sum(events, "DecodeStep", event -> event.getInt("promptIds"))).isEqualTo(70);
        assertThat(sum(events, "CacheGrowth", event -> event.getLong("bytes"))).isEqualTo(bytes[1]);
        assertThat(of(events, "QueueWait")).isEmpty();
    }

    /** The drafts of a recorded answer are right. */
    @Test
    void aStepHasItsDrafts() throws IOException {
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(20).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy());
        Drafts[] drafts = new Drafts[1];
        List<RecordedEvent> events = record(() -> {
            try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
                List<Token> answer = session.generate("The whale", options).tokens();
                int[] ids = answer.stream().mapToInt(Token::id).toArray();
                session.truncate(0);
                drafts[0] = session.generate("The whale", options.withSpeculation(new RecordedDrafts(ids, 4))).drafts();
            }
        }, "DecodeStep");
        assertThat(drafts[0]).isEqualTo(new Drafts(16, 0));
        assertThat(sum(events, "DecodeStep", event -> event.getInt("drafts"))).isEqualTo(16);
        assertThat(of(events, "DecodeStep")).hasSize(20 + 4);
    }

    /** Texts of one id each have passes of single rows, as steps have. */
    @Test
    void passesOfEmbeddingsAreNoSteps() throws IOException {
        List<RecordedEvent> events = record(() -> {
            try (Model model = Model.load(TestData.tiny())) {
                Embedder embedder = new Embedder(model);
                embedder.embed(Prompt.of(5));
                embedder.embed(List.of(Prompt.of(5), Prompt.of(6), Prompt.of(ids(70))));
                embedder.embed(Prompt.of(ids(129)));
            }
        }, "Prefill", "DecodeStep");
        assertThat(of(events, "DecodeStep")).isEmpty();
        assertThat(of(events, "Prefill")).extracting(event -> event.getInt("ids")).containsExactly(1, 72, 128, 1);
        assertThat(of(events, "Prefill")).extracting(event -> event.getInt("sessions")).containsExactly(1, 3, 1, 1);
    }

    private static void forget(Model model) {
        model.newSession().prefill(1, 2, 3);
    }

    private static void leak() {
        try (Model model = Model.load(TestData.tiny())) {
            forget(model);
            for (int i = 0; i < 500 && model.cacheBytes() > 0; i++) {
                System.gc();
                LockSupport.parkNanos(10_000_000);
            }
            assertThat(model.cacheBytes()).isZero();
        }
    }

    @Test
    void aLeakHasItsAllocationSiteWhenAskedFor() throws IOException {
        assertThat(of(record(EventsTest::leak), "Leak")).isEmpty();
        assertThat(of(record(EventsTest::leak, "Leak"), "Leak")).singleElement().satisfies(leak -> {
            assertThat(leak.getString("kind")).isEqualTo("session");
            assertThat(leak.getString("allocationSite")).contains("Model.newSession", "EventsTest.forget");
        });
    }

    private static String place(Class<?> of) throws Exception {
        return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }

    /** Returns a folder with the program's class alone, to go into the engine's module. */
    private String program() throws Exception {
        Path file = folder.resolve("program/io/github/t6j/WithoutRecorder.class");
        Files.createDirectories(file.getParent());
        Files.write(file, WithoutRecorder.class.getResourceAsStream("WithoutRecorder.class").readAllBytes());
        return folder.resolve("program").toString();
    }

    private List<String> run(List<String> options) throws Exception {
        Path err = folder.resolve("err");
        List<String> command =
                new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.add(TestData.tiny().toString());
        Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
        try (var out = process.inputReader()) {
            List<String> lines = out.lines().toList();
            assertThat(process.waitFor()).as("%s%n%s", command, Files.readString(err)).isZero();
            return lines;
        }
    }

    /** Images that jlink makes of a program have no recorder unless the program requires it. */
    @Test
    void withoutTheRecorderTheTextIsTheSame() throws Exception {
        List<String> expected = WithoutRecorder.lines(TestData.tiny());
        assertThat(expected.getFirst()).as("this JVM").isEqualTo("recorder: true");
        List<String> without = new ArrayList<>(expected);
        without.set(0, "recorder: false");
        assertThat(run(List.of(
                "--limit-modules", "io.github.t6j.engine", "--module-path", place(Model.class),
                "--patch-module", "io.github.t6j.engine=" + program(),
                "--module", "io.github.t6j.engine/" + WithoutRecorder.class.getName()))).isEqualTo(without);
        assertThat(run(List.of(
                "--limit-modules", "jdk.incubator.vector,jdk.management",
                "--add-modules", "jdk.incubator.vector,jdk.management",
                "--class-path", place(Model.class) + File.pathSeparator + program(),
                WithoutRecorder.class.getName()))).isEqualTo(without);
    }
}
