package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Builtin.Given;
import io.github.t6j.chat.template.Value.Array;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.None;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Tuple;
import io.github.t6j.chat.template.Value.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/** Methods of Python's str and dict, which have no names in common. */
final class Methods {
    static final Builtin.Table TABLE = new Builtin.Table("method")
            .with("get", "key default?", Methods::get)
            .with("items", "", (self, given, e) -> new View(Filters.pairs(entries(self), e)))
            .with("keys", "", (self, given, e) -> new View(e.access().items(self)))
            .with("values", "", (self, given, e) -> {
                e.budget().elements(entries(self).size());
                return new View(new ArrayList<>(entries(self).values()));
            })
            .with("capitalize", "", (self, given, e) -> e.budget().text(Strings.capitalize(text(self))))
            .with("endswith", "suffix", (self, given, e) -> matches(text(self), given.get("suffix"), String::endsWith))
            .with("join", "iterable", Methods::join)
            .with("lower", "", (self, given, e) -> e.budget().text(Strings.lower(text(self))))
            .with("lstrip", "chars?", (self, given, e) -> strip(self, given, e, true, false))
            .with("replace", "old new count?", Methods::replace)
            .with("rstrip", "chars?", (self, given, e) -> strip(self, given, e, false, true))
            .with("split", "sep? maxsplit?", Methods::split)
            .with("splitlines", "", (self, given, e) -> texts(Strings.splitLines(text(self)), e))
            .with("startswith", "prefix",
                    (self, given, e) -> matches(text(self), given.get("prefix"), String::startsWith))
            .with("strip", "chars?", (self, given, e) -> strip(self, given, e, true, true))
            .with("title", "", (self, given, e) -> e.budget().text(Strings.title(text(self), e.budget())))
            .with("upper", "", (self, given, e) -> e.budget().text(Strings.upper(text(self))));

    private Methods() {}

    private static String text(Value self) {
        return ((Text) self).value();
    }

    private static Map<String, Value> entries(Value self) {
        return ((Dict) self).entries();
    }

    private static Value get(Value self, Given given, Evaluator e) {
        return switch (given.get("key")) {
            case Text(String key) -> entries(self).getOrDefault(key, given.get("default", None.NONE));
            case Array key -> throw new Fault("get: expected a key, found " + key.kind());
            case Dict key -> throw new Fault("get: expected a key, found " + key.kind());
            default -> given.get("default", None.NONE);
        };
    }

    private static Value matches(String text, Value part, BiPredicate<String, String> matches) {
        return switch (part) {
            case Text(String affix) -> Value.of(matches.test(text, affix));
            case Tuple(List<Value> several) -> Value.of(several.stream()
                    .anyMatch(affix -> Comparisons.truth(matches(text, affix, matches))));
            default -> throw new Fault("expected a text, or a tuple of texts, found " + part.kind());
        };
    }

    private static Value strip(Value self, Given given, Evaluator e, boolean left, boolean right) {
        return e.budget().text(Strings.strip(text(self), given.text("chars"), left, right));
    }

    private static String required(Given given, String parameter) {
        String text = given.text(parameter);
        if (text == null) {
            throw new Fault(parameter + ": expected a text, found none");
        }
        return text;
    }

    private static Value replace(Value self, Given given, Evaluator e) {
        return new Text(Strings.replace(text(self), required(given, "old"), required(given, "new"),
                given.whole("count", -1), e.budget()));
    }

    private static Value split(Value self, Given given, Evaluator e) {
        String separator = given.text("sep");
        long max = given.whole("maxsplit", -1);
        return texts(separator == null
                ? Strings.splitWords(text(self), max)
                : Strings.split(text(self), separator, max, e.budget()), e);
    }

    private static Value texts(List<String> texts, Evaluator e) {
        e.budget().elements(texts.size());
        List<Value> values = new ArrayList<>(texts.size());
        texts.forEach(text -> values.add(e.budget().text(text)));
        return new Array(values);
    }

    private static Value join(Value self, Given given, Evaluator e) {
        StringBuilder out = new StringBuilder();
        String before = "";
        for (Value item : e.access().items(given.get("iterable"))) {
            if (!(item instanceof Text(String text))) {
                throw new Fault("join: expected texts, found " + item.kind());
            }
            e.budget().characters(before.length() + text.length());
            out.append(before).append(text);
            before = text(self);
        }
        return new Text(out.toString());
    }
}
