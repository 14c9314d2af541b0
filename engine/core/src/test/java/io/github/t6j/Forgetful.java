package io.github.t6j;

import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaCache;
import io.github.t6j.session.LeakTrackerTest;
import io.github.t6j.session.ModelUse;
import io.github.t6j.session.SessionUse;
import io.github.t6j.weights.NativeMemory;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Program that closes nothing, for {@link LeakTrackerTest}; its arguments are {@code leave} or {@code forget} and a
 * folder.
 */
public final class Forgetful {
    private Forgetful() {}

    public static void main(String[] args) {
        Path folder = Path.of(args[1]);
        if (args[0].equals("leave")) {
            Model model = Model.load(folder, ModelOptions.defaults().withThreads(3));
            Session session = model.newSession();
            System.out.println(
                    session.generate("The whale", GenerationOptions.defaults().withMaxTokens(5)).tokens().size());
        } else {
            forget(folder);
        }
    }

    private static void forget(Path folder) {
        long before = NativeMemory.allocatedBytes();
        Model model = Model.load(folder, ModelOptions.defaults().withThreads(3));
        for (SessionUse use : List.of(session(model), session(model))) {
            collectUntil("a session is closed", use::isClosed);
        }
        System.out.println("model closed: " + model.use().isClosed());
        ModelUse use = model.use();
        model = null;
        collectUntil("the model is closed", use::isClosed);
        use = null;
        collectUntil("memory of the model is freed", () -> NativeMemory.allocatedBytes() == before);
        forgetFlashTpa();
        collectUntil("no thread is left", () -> LeakTrackerTest.threads().isEmpty());
    }

    /** Drops a cache of an open FlashTpa, then fifty with a cache each. */
    private static void forgetFlashTpa() {
        FlashTpa.Shape shape = new FlashTpa.Shape(4, 16, 16, 2, 1, 1);
        FlashTpa flash = new FlashTpa(shape, FlashTpa.Options.defaults(shape).withThreads(2));
        long before = NativeMemory.allocatedBytes();
        append(flash.newCache(1));
        collectUntil("memory of a cache is freed", () -> NativeMemory.allocatedBytes() == before);
        for (int i = 0; i < 50; i++) {
            append(new FlashTpa(shape, FlashTpa.Options.defaults(shape).withThreads(2)).newCache(1));
        }
    }

    private static void append(FlashTpaCache cache) {
        FlashTpa.Factors factors = FlashTpa.Factors.of(new float[70 * 4], new float[70 * 16]);
        cache.append(70, factors, factors);
    }

    /** Returns the tracker of a session that is unreachable when this method returns. */
    private static SessionUse session(Model model) {
        Session session = model.newSession();
        session.prefill(1, 2, 3);
        return session.core().use();
    }

    private static void collectUntil(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean() && System.nanoTime() < end) {
            System.gc();
            Thread.yield();
        }
        System.out.println(what + ": " + condition.getAsBoolean());
    }
}
