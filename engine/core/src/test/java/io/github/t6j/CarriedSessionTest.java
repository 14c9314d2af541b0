package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.TestData.GoldenModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sessions saved by one processor and restored by another. A run saves its sessions in a folder and restores all
 * sessions that it finds there. {@code .ci/processors} names a common folder by {@code -Dt6j.sessions}; the default is
 * a new one.
 */
class CarriedSessionTest {
    /** Ids in a saved session: two pages and a part of a third. The rest follows after restoring. */
    private static final int KEPT = 150;

    private static final int[] IDS = new Random(29).ints(190, 0, 64).toArray();

    /** Tolerances between fused and separate multiply-adds; q8 rounds nearly equal elements apart now and then. */
    private static final float F32_TOLERANCE = 1e-4f;

    private static final float Q8_TOLERANCE = 2e-3f;

    private static final String NOT_FUSED = "no FMA";

    @TempDir
    private Path fresh;

    private Path folder() {
        String named = System.getProperty("t6j.sessions");
        return named == null ? fresh : Path.of(named);
    }

    private static Session session(Model model, CacheType type) {
        return model.newSession(SessionOptions.defaults().withCacheType(type).withContextLength(IDS.length));
    }

    /** Logits after all ids; the last five are decoded one by one. */
    private static float[] end(Session session) {
        session.prefill(Arrays.copyOfRange(IDS, KEPT, IDS.length - 5));
        for (int i = IDS.length - 5; i < IDS.length; i++) {
            session.step(IDS[i]);
        }
        return session.logits().clone();
    }

    @ParameterizedTest
    @ValueSource(strings = {"T6_odd", "T6_kvonly_odd", "T6_linearattn", "T6_rank1", "llama-gqa", "llama-mla"})
    void aSessionOfAnotherProcessorGoesOn(String name) throws IOException {
        GoldenModel golden = TestData.goldenModels().stream()
                .filter(g -> g.name().equals(name)).findFirst().orElseThrow();
        try (Model model = golden.load(ModelOptions.defaults().withThreads(2))) {
            for (CacheType type : List.of(CacheType.F32, CacheType.Q8)) {
                Path sessions = Files.createDirectories(folder().resolve(name + " " + type));
                String processor = System.getProperty("os.arch") + ", " + model.info().kernels();
                float[] expected;
                try (Session session = session(model, type)) {
                    session.prefill(Arrays.copyOf(IDS, KEPT));
                    session.save(sessions.resolve(processor));
                    expected = end(session);
                }
                for (Path file : files(sessions)) {
                    try (Session session = session(model, type)) {
                        session.restore(file);
                        float[] found = end(session);
                        String what = processor + " restored a session of " + file.getFileName();
                        if (what.contains(NOT_FUSED)) {
                            float tolerance = type == CacheType.F32 ? F32_TOLERANCE : Q8_TOLERANCE;
                            assertThat(found).as(what).usingComparatorWithPrecision(tolerance)
                                    .containsExactly(expected);
                        } else {
                            assertThat(found).as(what).isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
