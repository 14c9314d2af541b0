package io.github.t6j;

import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.List;

/** Program that loads a model and generates with a session, for {@link EventsTest}. */
public final class WithoutRecorder {
    private WithoutRecorder() {}

    /** Prints the lines for the model in the folder {@code args[0]}. */
    public static void main(String... args) {
        lines(Path.of(args[0])).forEach(System.out::println);
    }

    static List<String> lines(Path folder) {
        GenerationOptions greedy =
                GenerationOptions.defaults().withMaxTokens(12).withSampling(SamplingOptions.greedy());
        try (Model model = Model.load(folder);
                Session session = model.newSession()) {
            return List.of(
                    "recorder: " + ModuleLayer.boot().findModule("jdk.jfr").isPresent(),
                    "ids: " + ids(session.generate("The whale", greedy)));
        }
    }

    private static List<Integer> ids(Generation generation) {
        return generation.tokens().stream().map(Token::id).toList();
    }
}
