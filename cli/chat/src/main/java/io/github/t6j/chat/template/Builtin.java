package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Expression.Arguments;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A supported filter, test, method or function.
 *
 * @param kind name of its kind, for messages
 * @param parameters names of the parameters, in Python's order
 * @param required number of required parameters
 * @param any true if it accepts and checks any arguments itself
 */
record Builtin(String kind, String name, List<String> parameters, int required, boolean any, Body body) {

    /** @see #call */
    interface Body {
        Value call(Value subject, Given given, Evaluator evaluator);
    }

    /** Arguments by parameter; a builtin with any arguments has the unnamed ones in {@code rest}. */
    record Given(Map<String, Value> named, List<Value> rest) {

        /** Returns an argument; null if it was not given. */
        Value get(String parameter) {
            return named.get(parameter);
        }

        Value get(String parameter, Value absent) {
            return named.getOrDefault(parameter, absent);
        }

        boolean truth(String parameter) {
            return Comparisons.truth(get(parameter, Value.FALSE));
        }

        /** Returns a text; null if it was not given, or is None. */
        String text(String parameter) {
            return switch (named.get(parameter)) {
                case null -> null;
                case Value.None none -> null;
                case Value.Text(String text) -> text;
                case Value wrong -> throw new Fault(parameter + ": expected a text, found " + wrong.kind());
            };
        }

        /** Returns a whole number; {@code absent} if it was not given, or is None. */
        long whole(String parameter, long absent) {
            return switch (named.get(parameter)) {
                case null -> absent;
                case Value.None none -> absent;
                case Value other when Arithmetic.number(other) instanceof Value.Int(long number) -> number;
                case Value wrong -> throw new Fault(parameter + ": expected a whole number, found " + wrong.kind());
            };
        }
    }

    /** Builtins of a kind by name. */
    static final class Table {
        private final String kind;
        private final Map<String, Builtin> builtins = new TreeMap<>();

        Table(String kind) {
            this.kind = kind;
        }

        /** @param parameters names separated by spaces, with a ? after each optional one; "..." for any */
        Table with(String name, String parameters, Body body) {
            List<String> names = new ArrayList<>();
            int required = 0;
            for (String parameter : parameters.isEmpty() ? new String[0] : parameters.split(" ")) {
                boolean optional = parameter.endsWith("?");
                names.add(optional ? parameter.substring(0, parameter.length() - 1) : parameter);
                required += optional ? 0 : 1;
            }
            boolean any = parameters.equals("...");
            builtins.put(name, new Builtin(kind, name, any ? List.of() : names, any ? 0 : required, any, body));
            return this;
        }

        /** Adds another name for the same builtin. */
        Table with(String name, String alias) {
            builtins.put(name, builtins.get(alias));
            return this;
        }

        boolean has(String name) {
            return builtins.containsKey(name);
        }

        Builtin get(String name) {
            Builtin builtin = builtins.get(name);
            if (builtin == null) {
                throw new Fault("unsupported " + kind + " '" + name + "': t6j supports "
                        + String.join(", ", builtins.keySet()));
            }
            return builtin;
        }

        Collection<Builtin> all() {
            return builtins.values();
        }
    }

    /** Checks that it accepts these arguments. */
    void check(Arguments arguments) {
        check(arguments.positional().size(), arguments.named().keySet());
        Names.check(this, arguments);
    }

    private void check(int positional, Collection<String> named) {
        if (any) {
            return;
        }
        if (positional > parameters.size()) {
            throw new Fault("the " + kind + " '" + name + "': expected at most " + parameters.size()
                    + " arguments, found " + positional);
        }
        for (String argument : named) {
            if (!parameters.contains(argument)) {
                throw new Fault("the " + kind + " '" + name + "': unsupported argument '" + argument + "'");
            }
            if (parameters.indexOf(argument) < positional) {
                throw new Fault("the " + kind + " '" + name + "': duplicate argument '" + argument + "'");
            }
        }
        for (String parameter : parameters.subList(Math.min(positional, required), required)) {
            if (!named.contains(parameter)) {
                throw new Fault(
                        "the " + kind + " '" + name + "': expected an argument '" + parameter + "', found none");
            }
        }
    }

    /** @param subject value before the filter, test or method */
    Value call(Value subject, List<Value> positional, Map<String, Value> named, Evaluator evaluator) {
        check(positional.size(), named.keySet());
        evaluator.budget().steps(subject instanceof Value.Text(String text) ? 1 + text.length() / 16 : 1);
        Map<String, Value> byName = new HashMap<>(named);
        for (int i = 0; !any && i < positional.size(); i++) {
            byName.put(parameters.get(i), positional.get(i));
        }
        return body.call(subject, new Given(any ? named : byName, positional), evaluator);
    }
}
