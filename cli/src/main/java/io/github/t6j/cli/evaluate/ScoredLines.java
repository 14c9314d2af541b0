package io.github.t6j.cli.evaluate;

import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LineWork;
import java.util.Map;

/** Lines of {@code score} of one kind. */
interface ScoredLines extends LineWork {
    @Override
    default String name() {
        return "score";
    }

    /** @throws RuntimeException if the line is not of this kind, with the reason */
    Question parse(Line line);

    /** Returns the number of scored lines. */
    int count();

    /** Returns the metrics over all scored lines, each followed by its standard error; at least one line is scored. */
    Map<String, Object> fields();
}
