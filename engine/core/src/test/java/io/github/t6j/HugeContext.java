package io.github.t6j;

import java.nio.file.Path;

/** Program that asks twice for a session of a context that no machine holds. */
final class HugeContext {
    private HugeContext() {}

    public static void main(String[] arguments) {
        SessionOptions options = SessionOptions.defaults().withContextLength(Integer.MAX_VALUE);
        try (Model model = Model.load(Path.of(arguments[0]))) {
            for (int i = 0; i < 2; i++) {
                try (Session session = model.newSession(options)) {
                    System.out.println("made: " + session.contextLength());
                } catch (MemoryLimitException refusal) {
                    System.out.println("refused");
                }
            }
        }
    }
}
