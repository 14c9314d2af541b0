package io.github.t6j.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.CallOptions;
import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.LogitsListener;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prefix;
import io.github.t6j.Prompt;
import io.github.t6j.RecordedDrafts;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.Token;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests that sessions whose layers keep only their windows give the bits of empty sessions that are fed the same ids,
 * wherever they are truncated, forked, saved or fed together, and the logits of a forward pass in double.
 */
@Timeout(120)
class WindowedSessionsTest {
    private static final double TOLERANCE = 2e-4; // of logits beside float64
    private static final long SEED = 44;
    private static final int LENGTH = 700;

    @TempDir
    private Path folder;

    private final Random random = new Random(SEED);
    private final int[] ids = ids(LENGTH);

    static List<WideModel> models() {
        return WideModel.windowed();
    }

    private int[] ids(int count) {
        return random.ints(count, 0, WideModel.VOCABULARY).toArray();
    }

    private Model load(WideModel wide, ModelOptions options) throws IOException {
        wide.write(wide.weights(SEED), folder);
        return Model.load(folder, options.withThreads(2));
    }

    private Model load(WideModel wide) throws IOException {
        return load(wide, ModelOptions.defaults());
    }

    private static SessionOptions type(CacheType type) {
        return SessionOptions.defaults().withCacheType(type).withContextLength(3000);
    }

    private static int[] joined(int[] first, int count, int... then) {
        return IntStream.concat(Arrays.stream(first, 0, count), Arrays.stream(then)).toArray();
    }

    /** Returns the logits after {@code all} in a session of its own. */
    private static float[] anew(Model model, CacheType type, int... all) {
        try (Session session = model.newSession(type(type))) {
            session.prefill(all);
            return session.logits().clone();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAreThoseOfTheReferenceInPartsAndSteps(WideModel wide) throws IOException {
        Weights weights = wide.weights(SEED);
        int[] prompt = Arrays.copyOf(ids, 301);
        double[][] exact = wide.reference().apply(weights).logits(prompt);
        try (Model model = load(wide)) {
            for (AttentionPath path : AttentionPath.values()) {
                try (Session session = model.newSession(path.of(SessionOptions.defaults()))) {
                    LogitsListener check = (position, logits) -> check(path, position, logits, exact[position]);
                    int fed = 0;
                    for (int part : List.of(1, 63, 2, 128, 80)) {
                        session.prefill(Arrays.copyOfRange(prompt, fed, fed += part), check);
                    }
                    for (; fed < prompt.length; fed++) {
                        session.step(prompt[fed]);
                        check(path, fed, session.logits(), exact[fed]);
                    }
                }
            }
        }
    }

    private static void check(AttentionPath path, int position, float[] found, double[] exact) {
        double largest = 0;
        for (int id = 0; id < exact.length; id++) {
            double difference = Math.abs(found[id] - exact[id]);
            largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
        }
        assertThat(largest).as("seed %s, %s, position %s", SEED, path, position).isLessThan(TOLERANCE);
    }

    /** 572 is the shortest that 700 ids can be cut to without feeding any again. */
    @ParameterizedTest
    @MethodSource("models")
    void aTruncatedForkContinuesAsIfFedAnew(WideModel wide) throws IOException {
        try (Model model = load(wide)) {
            for (CacheType type : List.of(CacheType.F32, CacheType.Q8)) {
                try (Session session = model.newSession(type(type))) {
                    session.prefill(Arrays.copyOf(ids, 650));
                    for (int i = 650; i < LENGTH; i++) {
                        session.step(ids[i]);
                    }
                    for (int kept : List.of(699, 640, 572, 571, 450, 129, 65, 64, 1)) {
                        String what = "seed " + SEED + ", " + type + ", cut to " + kept;
                        int[] then = ids(1 + random.nextInt(150));
                        try (Session fork = session.fork()) {
                            fork.truncate(kept);
                            assertThat(fork.ids()).as(what).isEqualTo(Arrays.copyOf(ids, kept));
                            assertThat(fork.position()).isEqualTo(kept);
                            fork.prefill(then);
                            fork.step(5);
                            assertThat(fork.ids()).as(what).isEqualTo(joined(ids, kept, joined(then, then.length, 5)));
                            assertThat(fork.logits()).as(what)
                                    .isEqualTo(anew(model, type, joined(ids, kept, joined(then, then.length, 5))));
                        }
                    }
                    session.step(9);
                    assertThat(session.logits()).isEqualTo(anew(model, type, joined(ids, LENGTH, 9)));
                }
            }
        }
    }

    /** Two truncations, the second of which cuts ids that were not fed again. */
    @ParameterizedTest
    @MethodSource("models")
    void theLogitsAfterATruncationAreComputedWhenAPromptIsEmpty(WideModel wide) throws IOException {
        GenerationOptions greedy = GenerationOptions.defaults().withMaxTokens(5).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy());
        try (Model model = load(wide); Session session = model.newSession()) {
            for (int[] cuts : new int[][] {{690}, {400}, {400, 133}, {550, 128}}) {
                session.truncate(0);
                session.prefill(ids);
                for (int cut : cuts) {
                    session.truncate(cut);
                    assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
                }
                List<Integer> found = idsOf(session.generate(Prompt.of(new int[0]), greedy));
                try (Session other = model.newSession()) {
                    int[] rest = Arrays.copyOf(ids, cuts[cuts.length - 1]);
                    assertThat(found).as("seed " + SEED + ", cut to " + Arrays.toString(cuts))
                            .isEqualTo(idsOf(other.generate(Prompt.of(rest), greedy)));
                    assertThat(session.ids()).isEqualTo(other.ids());
                }
            }
        }
    }

    private static List<Integer> idsOf(Generation generation) {
        return generation.tokens().stream().map(Token::id).toList();
    }

    @ParameterizedTest
    @MethodSource("models")
    void layersWithWindowsKeepTheirWindowsAndAPass(WideModel wide) throws IOException {
        int window = ((Long) wide.config().get("sliding_window")).intValue();
        int most = window + 127 + 2 * 64;
        try (Model model = load(wide); Session session = model.newSession(type(CacheType.F32))) {
            int layers = model.info().sizes().layers();
            List<Integer> windows = model.info().cache().windows();
            long windowed = windows.stream().filter(found -> found == window).count();
            assertThat(windowed).isPositive().isEqualTo(layers - windows.stream().filter(found -> found == 0).count());
            long page = model.sessionBytes(SessionOptions.defaults().withContextLength(1)).nativeBytes() / layers;
            for (int fed = 0; fed < 3000; fed += 100) {
                if (fed % 300 == 0) {
                    session.prefill(ids(100));
                } else {
                    for (int id : ids(100)) {
                        session.step(id);
                    }
                }
                long all = (layers - windowed) * Math.ceilDiv(Math.min(3000, 2 * session.position()), 64);
                assertThat(session.cacheBytes()).as("seed %s, %s ids", SEED, session.position())
                        .isLessThanOrEqualTo(page * (all + windowed * (most / 64)))
                        .isEqualTo(model.cacheBytes());
            }
            long full = model.sessionBytes(type(CacheType.F32)).nativeBytes();
            assertThat(full).isLessThanOrEqualTo(
                    page * ((layers - windowed) * Math.ceilDiv(3000, 64) + windowed * (most / 64)));
            assertThat(session.cacheBytes()).isEqualTo(full);
            long token = model.info().cache().elementsPerToken() * 4L;
            assertThat(session.usedCacheBytes())
                    .isEqualTo(token * ((layers - windowed) * 3000 + windowed * (window + 127)))
                    .isEqualTo(4 * model.info().cache().elements(3000));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void aContextIsAsLongAsMemoryHoldsWithItsWindows(WideModel wide) throws IOException {
        long whole;
        long half;
        try (Model model = load(wide)) {
            whole = 4 * model.info().cache().elements(4096);
            half = 4 * model.info().cache().elements(2000);
            assertThat(whole).isLessThan(4096L * 4 * model.info().cache().elementsPerToken()
                    * model.info().sizes().layers());
        }
        try (Model model = load(wide, ModelOptions.defaults().withMemoryBudget(whole));
                Session session = model.newSession()) {
            assertThat(session.contextLength()).isEqualTo(4096);
        }
        try (Model model = load(wide, ModelOptions.defaults().withMemoryBudget(half));
                Session session = model.newSession()) {
            boolean bounded = model.info().cache().windows().contains(0);
            assertThat(session.contextLength()).isEqualTo(bounded ? 2000 : 4096);
            if (bounded) {
                assertThatThrownBy(() -> model.newSession(SessionOptions.defaults().withContextLength(2001)))
                        .isInstanceOf(MemoryLimitException.class).hasMessageContaining("at most 2000 ids");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void aSavedSessionHasTheLastPagesOfItsWindows(WideModel wide) throws IOException {
        Path file = folder.resolve("session");
        try (Model model = load(wide)) {
            for (CacheType type : List.of(CacheType.F32, CacheType.Q8)) {
                try (Session session = model.newSession(type(type)); Session other = model.newSession(type(type))) {
                    session.prefill(ids);
                    session.save(file);
                    List<Integer> windows = model.info().cache().windows();
                    try (Arena arena = Arena.ofConfined()) {
                        Map<String, Tensor> tensors = Safetensors.read(file, arena).tensors();
                        for (int layer = 0; layer < windows.size(); layer++) {
                            assertThat(tensors.get("layer." + layer).shape().getFirst())
                                    .as("layer " + layer).isEqualTo(windows.get(layer) == 0 ? 11L : 4L);
                        }
                    }
                    for (int kept : List.of(700, 600, 571, 300)) {
                        session.truncate(kept);
                        session.save(file);
                        other.restore(file);
                        assertThat(other.ids()).isEqualTo(Arrays.copyOf(ids, kept));
                        other.prefill(Arrays.copyOf(ids, 90));
                        assertThat(other.logits()).as("%s, %s ids", type, kept)
                                .isEqualTo(anew(model, type, joined(ids, kept, Arrays.copyOf(ids, 90))));
                        other.truncate(kept - 20);
                        other.step(3);
                        assertThat(other.logits()).as("%s, %s ids", type, kept)
                                .isEqualTo(anew(model, type, joined(ids, kept - 20, 3)));
                    }
                }
            }
        }
    }

    /** Sessions of which some must feed ids again share passes, and listeners hear only new ids. */
    @ParameterizedTest
    @MethodSource("models")
    void sessionsFedTogetherHaveTheirOwnBits(WideModel wide) throws IOException {
        try (Model model = load(wide); Session first = model.newSession(type(CacheType.F32))) {
            first.prefill(ids);
            int[] cuts = {700, 300, 590, 0};
            List<Session> sessions = List.of(first, first.fork(), first.fork(), first.fork());
            int[][] more = {ids(1), ids(200), ids(3), ids(130)};
            float[][] heard = new float[1000][];
            LogitsListener[] listeners = new LogitsListener[4];
            listeners[1] = (position, logits) -> heard[position] = logits.clone();
            for (int i = 0; i < 4; i++) {
                sessions.get(i).truncate(cuts[i]);
            }
            model.feed(sessions, more, listeners);
            for (int i = 0; i < 4; i++) {
                assertThat(sessions.get(i).logits()).as("seed " + SEED + ", session " + i)
                        .isEqualTo(anew(model, CacheType.F32, joined(ids, cuts[i], more[i])));
            }
            assertThat(heard[299]).isNull();
            assertThat(heard[300]).isEqualTo(anew(model, CacheType.F32, joined(ids, 300, more[1][0])));
            assertThat(heard[499]).isEqualTo(sessions.get(1).logits());
            assertThat(heard[500]).isNull();

            sessions.get(1).truncate(202);
            sessions.get(2).truncate(64);
            model.step(sessions, 1, 2, 3, 4);
            assertThat(sessions.get(0).logits())
                    .isEqualTo(anew(model, CacheType.F32, joined(ids, 700, more[0][0], 1)));
            assertThat(sessions.get(1).logits()).isEqualTo(anew(model, CacheType.F32, joined(ids, 202, 2)));
            assertThat(sessions.get(2).logits()).isEqualTo(anew(model, CacheType.F32, joined(ids, 64, 3)));
            assertThat(sessions.get(3).logits()).isEqualTo(anew(model, CacheType.F32, joined(more[3], 130, 4)));
            sessions.forEach(Session::close);
        }
    }

    /** A call that ends while ids are fed again leaves a session that goes on from there. */
    @ParameterizedTest
    @MethodSource("models")
    void feedingAgainCanBeCancelled(WideModel wide) throws IOException {
        GenerationOptions two = GenerationOptions.defaults().withMaxTokens(2).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy());
        try (Model model = load(wide); Session session = model.newSession()) {
            session.prefill(ids);
            session.truncate(400);
            session.cancel();
            assertThatThrownBy(() -> session.step(1)).isInstanceOf(CancellationException.class);
            AtomicInteger asked = new AtomicInteger(); // between blocks; in the third of four passes it ends
            Generation early = session.generate(Prompt.of(7, 8), two.withCall(CallOptions.defaults().withCancellation(
                    () -> asked.incrementAndGet() > 2 * model.info().sizes().layers() + 1)));
            assertThat(early.tokens()).isEmpty();
            assertThat(early.finishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(session.ids()).isEqualTo(Arrays.copyOf(ids, 400));
            assertThat(session.usedCacheBytes()).isEqualTo(4 * model.info().cache().elements(256));
            Generation found = session.generate(Prompt.of(7, 8), two);
            try (Session other = model.newSession()) {
                assertThat(found.tokens()).isEqualTo(other.generate(Prompt.of(joined(ids, 400, 7, 8)), two).tokens());
            }
        }
    }

    /** Rejected drafts neither remove tokens from a ring nor make it larger. */
    @ParameterizedTest
    @MethodSource("models")
    void draftsLeaveNoTraceInRings(WideModel wide) throws IOException {
        int[] prompt = Arrays.copyOf(ids, 300 + random.nextInt(64));
        GenerationOptions options = GenerationOptions.defaults().withMaxTokens(150).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.defaults().withSeed(SEED));
        try (Model model = load(wide);
                Session plain = model.newSession(type(CacheType.F32));
                Session session = model.newSession(type(CacheType.F32))) {
            Generation expected = plain.generate(Prompt.of(prompt), options);
            int[] drafts = expected.tokens().stream().mapToInt(Token::id).toArray();
            for (int i = 3; i < drafts.length; i += 4) {
                drafts[i] = random.nextInt(WideModel.VOCABULARY);
            }
            Generation found =
                    session.generate(Prompt.of(prompt), options.withSpeculation(new RecordedDrafts(drafts, 15)));
            assertThat(found).as("seed " + SEED).isEqualTo(expected);
            assertThat(found.drafts().accepted()).isPositive();
            assertThat(session.cacheBytes()).isEqualTo(plain.cacheBytes());
            for (int back : new int[] {0, 1, 100, 28}) {
                plain.truncate(plain.position() - back);
                session.truncate(session.position() - back);
                assertThat(session.usedCacheBytes()).isEqualTo(plain.usedCacheBytes());
                plain.step(3);
                session.step(3);
                assertThat(session.logits()).as("seed " + SEED).isEqualTo(plain.logits());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void feedingAgainHoldsTheMemoryLimit(WideModel wide) throws IOException {
        long bytes;
        try (Model model = load(wide)) {
            bytes = model.sessionBytes(type(CacheType.F32).withContextLength(800)).nativeBytes();
        }
        SessionOptions context = SessionOptions.defaults().withContextLength(700);
        try (Model model = load(wide, ModelOptions.defaults().withMemoryBudget(bytes + bytes / 4));
                Session fork = model.newSession(context)) {
            fork.prefill(ids);
            try (Session other = fork.fork()) {
                fork.truncate(500);
                assertThatThrownBy(() -> fork.step(3)).isInstanceOf(MemoryLimitException.class);
                assertThat(fork.ids()).isEqualTo(Arrays.copyOf(ids, 500));
                assertThat(other.logits()).isEqualTo(anew(ids, wide));
            }
            fork.step(3);
            assertThat(fork.logits()).isEqualTo(anew(joined(ids, 500, 3), wide));
        }
    }

    private float[] anew(int[] all, WideModel wide) throws IOException {
        try (Model model = load(wide)) {
            return anew(model, CacheType.F32, all);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void sessionsOfAPrefixDropItsPagesForThemselves(WideModel wide) throws IOException {
        try (Model model = load(wide); Session session = model.newSession(type(CacheType.F32))) {
            session.prefill(Arrays.copyOf(ids, 333));
            long before = model.cacheBytes();
            try (Prefix prefix = session.freeze()) {
                for (int more : List.of(1, 50, 367)) {
                    try (Session one = prefix.newSession(); Session two = prefix.newSession()) {
                        int[] then = ids(more);
                        one.prefill(then);
                        two.step(2);
                        two.truncate(101);
                        two.prefill(then);
                        assertThat(one.logits()).as("seed " + SEED)
                                .isEqualTo(anew(model, CacheType.F32, joined(ids, 333, then)));
                        assertThat(two.logits()).as("seed " + SEED)
                                .isEqualTo(anew(model, CacheType.F32, joined(ids, 101, then)));
                    }
                }
                assertThat(model.cacheBytes()).as("all of the sessions is freed").isEqualTo(before);
            }
            session.step(1);
            assertThat(session.logits()).isEqualTo(anew(model, CacheType.F32, joined(ids, 333, 1)));
        }
    }
}
