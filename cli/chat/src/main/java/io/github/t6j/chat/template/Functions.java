package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Builtin.Given;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions for templates: Python's and Jinja2's, and the two that transformers adds. */
final class Functions {
    /** Longest range, the same limit as in Jinja2. */
    private static final long LONGEST_RANGE = 100_000;

    static final Builtin.Table TABLE = new Builtin.Table("function")
            .with("dict", "...", (none, given, e) -> new Dict(entries("dict", given, e)))
            .with("namespace", "...", (none, given, e) -> new Value.Namespace(entries("namespace", given, e)))
            .with("raise_exception", "message", (none, given, e) -> {
                throw new Fault("the template refuses the conversation: " + e.print(given.get("message")));
            })
            .with("range", "start stop? step?", Functions::range)
            .with("strftime_now", "format", Functions::now);

    private Functions() {}

    private static Map<String, Value> entries(String function, Given given, Evaluator e) {
        Map<String, Value> entries = new LinkedHashMap<>();
        for (Value value : given.rest()) {
            if (!(value instanceof Dict(Map<String, Value> dict)) || given.rest().size() > 1) {
                throw new Fault(function + ": expected a dict, found " + value.kind());
            }
            entries.putAll(dict);
        }
        entries.putAll(given.named());
        e.budget().elements(entries.size());
        return entries;
    }

    private static Value range(Value none, Given given, Evaluator e) {
        boolean onlyStop = given.get("stop") == null;
        long from = onlyStop ? 0 : whole(given, "start");
        long to = whole(given, onlyStop ? "start" : "stop");
        long step = given.get("step") == null ? 1 : whole(given, "step");
        if (step == 0) {
            throw new Fault("range: expected a step other than 0, found 0");
        }
        List<Value> numbers = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            if (numbers.size() == LONGEST_RANGE) {
                throw new Fault("range: expected at most " + LONGEST_RANGE + " numbers, found more");
            }
            numbers.add(new Int(i));
            if (step > 0 ? i > Long.MAX_VALUE - step : i < Long.MIN_VALUE - step) {
                break;
            }
        }
        e.budget().elements(2L * numbers.size());
        return new Value.Range(numbers);
    }

    private static long whole(Given given, String parameter) {
        if (Arithmetic.number(given.get(parameter)) instanceof Int(long number)) {
            return number;
        }
        throw new Fault("range: expected whole numbers, found " + given.get(parameter).kind());
    }

    private static Value now(Value none, Given given, Evaluator e) {
        if (given.get("format") instanceof Text(String format)) {
            return e.budget().text(Times.format(format, e.now()));
        }
        throw new Fault("strftime_now: expected a format, found " + given.get("format").kind());
    }
}
