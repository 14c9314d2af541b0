package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests and turns of a run, with engines that only record their calls. */
class PeerRunTest {
    private static final PeerPlan PLAN =
            new PeerPlan("none", List.of("t6", "mha"), List.of("q8_0"), 100, List.of(128, 1024), 16, 3, 2, null,
                    null);

    @TempDir
    private Path folder;

    /** Calls of all engines, in order; a repeated call of the same engine is recorded once. */
    private final List<String> calls = new ArrayList<>();

    private PeerModel model(String engine, String model) {
        return new PeerModel() {
            private int depth = -1;
            private int fed;

            private void call(String call) {
                String text = engine + " " + model + " " + call;
                if (calls.isEmpty() || !calls.getLast().equals(text)) {
                    calls.add(text);
                }
            }

            @Override
            public String engine() {
                return engine;
            }

            @Override
            public String model() {
                return model;
            }

            @Override
            public String cache() {
                return engine.equals("t6j") ? "bf16" : "f16";
            }

            @Override
            public PeerDescription description() {
                return new PeerDescription(engine, "1", "none", "the file", cache(), Double.NaN);
            }

            @Override
            public boolean isWarm() {
                return true;
            }

            @Override
            public void fill(int newDepth) {
                depth = newDepth;
                call("fill " + depth);
            }

            @Override
            public void read(int[] ids) {
                feed(ids, 100);
                call("read");
            }

            @Override
            public void write(int[] ids) {
                feed(ids, 16);
                call("write");
            }

            private void feed(int[] ids, int expected) {
                assertThat(ids).hasSize(expected);
                assertThat(fed).as("tokens beyond the depth").isZero();
                fed = ids.length;
                try {
                    Thread.sleep(20);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public float[] logits(int[] ids) {
                call("logits");
                return engine.endsWith("wrong")
                        ? new float[] {-1, 1}
                        : new float[] {1, engine.equals("t6j") ? 2 : 2.1f};
            }

            @Override
            public void rewind() {
                assertThat(depth).isNotNegative();
                fed = 0;
            }

            @Override
            public void close() {
                call("close");
            }
        };
    }

    private PeerRun run() throws IOException {
        return new PeerRun(PLAN, folder.resolve("peer.json"), 0.05, new PrintStream(OutputStream.nullOutputStream()));
    }

    private PeerResults measured() throws IOException {
        PeerRun run = run();
        run.measure("q8_0", List.of(model("t6j", "t6"), model("t6j", "mha"), model("llama.cpp", "mha")));
        return run.results();
    }

    @Test
    void everyTestOfEveryModelHasARow() throws IOException {
        List<PeerSpeed> speeds = measured().speeds();

        assertThat(speeds).extracting(s -> s.engine() + " " + s.model() + " " + s.cache() + ": " + s.test())
                .containsExactly("t6j t6 bf16: prompt of 100", "t6j mha bf16: prompt of 100",
                        "llama.cpp mha f16: prompt of 100", "t6j t6 bf16: decode at 128", "t6j mha bf16: decode at 128",
                        "llama.cpp mha f16: decode at 128", "t6j t6 bf16: decode at 1024",
                        "t6j mha bf16: decode at 1024", "llama.cpp mha f16: decode at 1024");
        assertThat(speeds).allSatisfy(speed -> {
            assertThat(speed.tokensPerSecond()).hasSize(3);
            double tokens = speed.depth() < 0 ? 100 : 16;
            assertThat(speed.fastest()).isBetween(speed.median(), tokens / 0.02); // a call sleeps 20 ms
        });
    }

    /** Warm-up in order, then three rounds; each begins with the next model. */
    @Tag("full")
    @Test
    void roundsAlternateAndBeginWithAnotherModel() throws IOException {
        measured();

        String a = "t6j t6 read";
        String b = "t6j mha read";
        String c = "llama.cpp mha read";
        assertThat(calls)
                .startsWith("t6j t6 fill 0", "t6j t6 logits", "t6j mha fill 0", "t6j mha logits",
                        "llama.cpp mha fill 0", "llama.cpp mha logits", "t6j t6 fill 0", a,
                        "t6j mha fill 0", b, "llama.cpp mha fill 0", c, a, b, c, b, c, a,
                        c, a, b, "t6j t6 fill 128")
                .endsWith("t6j t6 close", "t6j mha close", "llama.cpp mha close");
    }

    /** A run that ended while it decoded at 1024 measures that test only. */
    @Test
    void aRunGoesOnWithTheMissingTests() throws IOException {
        PeerResults whole = measured();
        assertThat(PeerResults.read(folder.resolve("peer.json")).missing()).isZero();
        List<PeerSpeed> kept = whole.speeds().stream().filter(speed -> speed.depth() < 1024).toList();
        new PeerResults(whole.plan(), whole.jdk(), whole.engines(), kept).write(folder.resolve("peer.json"));
        calls.clear();

        assertThat(run().results().missing()).isOne();
        PeerResults results = measured();

        assertThat(calls).contains("t6j t6 fill 1024").doesNotContain("t6j t6 fill 128", "t6j t6 read");
        assertThat(results.speeds()).extracting(PeerSpeed::test).hasSize(9)
                .startsWith("prompt of 100").endsWith("decode at 1024");
        assertThat(results.engines()).as("each engine once").containsExactlyElementsOf(whole.engines()).hasSize(2);
        assertThat(PeerResults.read(folder.resolve("peer.json")).speeds()).hasSize(9);
    }

    /** After Ctrl-C, a user reads what is kept, how to go on, and how to make pages of it. */
    @Test
    void aStoppedRunSaysWhatIsKept() throws IOException {
        PeerResults whole = measured();
        List<PeerSpeed> kept = whole.speeds().stream().filter(speed -> speed.depth() < 1024).toList();
        Path json = folder.resolve("peer.json");
        new PeerResults(whole.plan(), whole.jdk(), whole.engines(), kept).write(json);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();

        PeerRun run = new PeerRun(PLAN, json, 0.05, new PrintStream(printed, true, StandardCharsets.UTF_8));
        run.printKept("the command");
        run.measure("q8_0", List.of(model("t6j", "t6"), model("t6j", "mha"), model("llama.cpp", "mha")));

        assertThat(printed.toString(StandardCharsets.UTF_8).lines()).contains(
                "stopped: 2 of 3 tests are kept in " + json, "the same command measures the missing 1:",
                "  the command",
                "  java -jar jmh/target/benchmarks.jar report --from " + json + " --out " + folder,
                "3 of 3 tests done, about 0 min left");
    }

    @Test
    void resultsNameNoFolderOfTheMachine() throws IOException {
        PeerPlan plan = new PeerPlan("/home/me/llama", List.of("mha"), List.of("q8_0"), 1, List.of(1), 1, 1, 1,
                "/home/me/jlama", null);

        PeerResults.none(plan).write(folder.resolve("peer.json"));

        assertThat(folder.resolve("peer.json")).content().doesNotContain("home");
        assertThat(PeerResults.read(folder.resolve("peer.json")).isOf(plan)).isTrue();
        assertThat(plan.withoutFolders().command())
                .isEqualTo("report --peer LLAMA --models mha --types q8_0 --depths 1 --rounds 1 --jlama JLAMA");
    }

    /** The others are, and the report names it. */
    @Test
    void anEngineWithOtherLogitsIsNotMeasured() throws IOException {
        PeerRun run = run();

        run.measure("q8_0", List.of(model("t6j", "mha"), model("wrong", "mha"), model("llama.cpp", "mha")));

        assertThat(run.results().leftOut()).containsExactly("wrong, mha, q8_0: not measured: expected logits within 0.5"
                + " of t6j's largest, found a difference of 1.0e+00");
        assertThat(run.results().speeds()).extracting(PeerSpeed::engine).containsOnly("t6j", "llama.cpp");
        assertThat(calls).contains("wrong mha close", "llama.cpp mha read").doesNotContain("wrong mha read");
        assertThat(PeerResults.read(folder.resolve("peer.json")).leftOut()).isEqualTo(run.results().leftOut());
    }

    /** A wrong kernel of our own is a fault to mend, not a peer to leave out. */
    @Test
    void otherKernelsOfT6jMustHaveItsLogits() throws IOException {
        List<PeerModel> models = List.of(model("t6j", "mha"), model("t6j wrong", "mha"));
        PeerRun run = run();

        assertThatIllegalStateException().isThrownBy(() -> run.measure("q8_0", models))
                .withMessageStartingWith("t6j wrong, mha, q8_0: not measured");
        assertThat(calls).endsWith("t6j mha close", "t6j wrong mha close").noneMatch(call -> call.endsWith("read"));
    }

    /** Rows 2i and 2i + 1 of a head of four become rows i and 2 + i. */
    @Test
    void rotatedRowsOfAFolderAreHalvesOfTheHead() {
        float[] neighbours = {0, 0, 1, 1, 2, 2, 3, 3, 10, 10, 11, 11, 12, 12, 13, 13};

        assertThat(LlamaFolder.halves(neighbours, 4, 2))
                .containsExactly(0, 0, 2, 2, 1, 1, 3, 3, 10, 10, 12, 12, 11, 11, 13, 13);
    }

    @Test
    void javaEnginesRunTheModelsAndTypesThatTheyHave() {
        PeerPlan plan = new PeerPlan("", List.of("t6", "mha", "gqa"), List.of("q8_0"), 1, List.of(1), 1, 1, 1, "a",
                "b");

        assertThat(plan.engines("t6", "q8_0")).isEmpty();
        assertThat(plan.engines("mha", "q4_0")).extracting(PeerEngine::name).containsExactly("jlama", "jlama native",
                "jinfer", "jinfer native");
        assertThat(plan.engines("gqa", "q8_0")).extracting(PeerEngine::name).containsExactly("jinfer",
                "jinfer native"); // 22 heads of 64 elements are wider than the model
        for (String type : List.of("q8_0", "q6_k")) { // which Jlama's Java kernels do not multiply
            assertThat(plan.engines("mha", type)).extracting(PeerEngine::name).containsExactly("jinfer",
                    "jinfer native");
        }
    }

    @Test
    void theMedianIsTheMiddleRound() {
        PeerSpeed speed = new PeerSpeed("t6j", "mha", "q8_0", "bf16", 16, 128, new double[] {30, 10, 20, 50, 40});

        assertThat(speed.fastest()).isEqualTo(50);
        assertThat(speed.median()).isEqualTo(30);
    }

    @Test
    void wrongPlansAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeerPlan("", List.of("mla"), List.of("q8_0"), 1, List.of(1), 1, 1, 1, null, null))
                .withMessage("--models: expected some of t6, mha, gqa, smollm2-135m, qwen2-0.5b, found mla");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeerPlan("", List.of("t6"), List.of("q9"), 1, List.of(1), 1, 1, 1, null, null))
                .withMessageStartingWith("--types: expected some of");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeerPlan("", List.of("t6"), List.of("q8_0"), 1, List.of(0), 1, 1, 1, null, null))
                .withMessageStartingWith("--depths: expected numbers from 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PeerPlan("", List.of("t6"), List.of("q8_0", "q4_k_m"), 1, List.of(1), 1, 1, 1,
                        null, null))
                .withMessage("--types: expected types that one of t6 has, found q4_k_m");
    }
}
