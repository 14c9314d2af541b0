package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Expression.Arguments;
import io.github.t6j.chat.template.Expression.Literal;
import io.github.t6j.chat.template.Value.Text;
import java.util.List;

/** Checks literal arguments that are names or formats, so that unsupported ones are errors at parsing. */
final class Names {
    private Names() {}

    static void check(Builtin builtin, Arguments arguments) {
        switch (builtin.kind() + " " + builtin.name()) {
            case "filter map" -> known(Filters.TABLE, arguments, 0);
            case "filter select", "filter reject" -> known(Tests.TABLE, arguments, 0);
            case "filter selectattr", "filter rejectattr" -> known(Tests.TABLE, arguments, 1);
            case "function strftime_now" -> {
                if (text(arguments, 0) instanceof String format) {
                    Times.check(format);
                }
            }
            default -> {
            }
        }
    }

    private static void known(Builtin.Table table, Arguments arguments, int index) {
        if (text(arguments, index) instanceof String name) {
            table.get(name);
        }
    }

    /** Returns the argument if it is a literal text, or null. */
    private static String text(Arguments arguments, int index) {
        List<Expression> positional = arguments.positional();
        return index < positional.size() && positional.get(index) instanceof Literal(Text(String text)) ? text : null;
    }
}
