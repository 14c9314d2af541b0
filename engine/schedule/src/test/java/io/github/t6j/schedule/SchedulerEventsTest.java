package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.TestData;
import io.github.t6j.sampling.SamplingOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests the scheduler's events of JDK Flight Recorder, and the scheduler without the recorder. */
@Isolated
class SchedulerEventsTest {
    private static final GenerationOptions GREEDY =
            GenerationOptions.defaults().withIgnoreEndOfText(true).withSampling(SamplingOptions.greedy());

    @TempDir
    Path folder;

    private static int[] ids(int count) {
        return IntStream.range(0, count).map(i -> i * 7 % 100).toArray();
    }

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

    @Test
    void aRecordingHasTheRunsOfAScheduler() throws IOException {
        List<RecordedEvent> events = record(() -> {
            try (Model model = Model.load(TestData.tiny());
                    Scheduler scheduler = new Scheduler(model, SchedulerOptions.defaults().withMaxRunning(4))) {
                var first = scheduler.submit(Prompt.of(ids(30)), GREEDY.withMaxTokens(7));
                var samples = scheduler.submitSamples(Prompt.of(ids(40)), 3, GREEDY.withMaxTokens(5));
                first.result().join();
                samples.forEach(sample -> sample.result().join());
            }
        }, "QueueWait", "Run");
        assertThat(of(events, "QueueWait")).extracting(event -> event.getInt("promptIds"))
                .containsExactlyInAnyOrder(30, 40);
        assertThat(of(events, "QueueWait")).extracting(event -> event.getInt("generations"))
                .containsExactlyInAnyOrder(1, 3);
        assertThat(of(events, "Run")).extracting(event -> event.getInt("generatedIds"))
                .containsExactlyInAnyOrder(7, 3 * 5);
        assertThat(of(events, "Run")).allSatisfy(run -> assertThat(run.getDuration().toNanos()).isPositive());
    }

    /** Program that generates with a scheduler. */
    static final class Program {
        private Program() {}

        /** Prints the lines for the model in the folder {@code args[0]}. */
        public static void main(String... args) {
            lines(Path.of(args[0])).forEach(System.out::println);
        }

        static List<String> lines(Path folder) {
            try (Model model = Model.load(folder); Scheduler scheduler = new Scheduler(model)) {
                return List.of(
                        "recorder: " + ModuleLayer.boot().findModule("jdk.jfr").isPresent(),
                        scheduler.submit("The sea", GREEDY.withMaxTokens(12)).result().join().tokens().toString());
            }
        }
    }

    private static String place(Class<?> of) throws Exception {
        return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }

    /** Images that jlink makes of a program have no recorder unless the program requires it. */
    @Test
    void withoutTheRecorderTheTextIsTheSame() throws Exception {
        List<String> expected = Program.lines(TestData.tiny());
        assertThat(expected.getFirst()).as("this JVM").isEqualTo("recorder: true");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules", "jdk.incubator.vector,jdk.management",
                "--add-modules", "jdk.incubator.vector,jdk.management",
                "--class-path", String.join(File.pathSeparator, place(Model.class), place(Scheduler.class),
                        place(Program.class)),
                Program.class.getName(), TestData.tiny().toString()).redirectError(err.toFile()).start();
        try (var out = process.inputReader()) {
            List<String> lines = out.lines().toList();
            assertThat(process.waitFor()).as(Files.readString(err)).isZero();
            assertThat(lines).containsExactly("recorder: false", expected.get(1));
        }
    }
}
