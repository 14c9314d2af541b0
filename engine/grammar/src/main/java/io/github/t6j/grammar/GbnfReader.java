package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Call;
import io.github.t6j.grammar.Expression.Characters;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.grammar.Expression.Repeat;
import io.github.t6j.grammar.Expression.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reader of GBNF, llama.cpp's notation of grammars: rules {@code name ::= …} of literals, character classes, groups,
 * options and repetitions. A whole text matches the rule {@code root}.
 */
final class GbnfReader {
    static final String ROOT = "root";
    private static final CodePoints NAME = CodePoints.of('a', 'z', 'A', 'Z', '0', '9', '-', '-', '_', '_');
    private static final CodePoints BLANKS = CodePoints.anyOf(" \t");
    private static final CodePoints NOT_LINE_END = CodePoints.anyOf("\r\n").complement();

    private final Scanner scanner;
    private final Map<String, Expression> rules = new LinkedHashMap<>();

    private GbnfReader(String gbnf) {
        scanner = new Scanner("grammar", gbnf);
    }

    /**
     * Returns the rules of {@code gbnf}.
     *
     * @throws IllegalArgumentException if it is malformed, or has no rule {@code root}
     */
    static Map<String, Expression> read(String gbnf) {
        GbnfReader reader = new GbnfReader(gbnf);
        reader.space(true);
        while (!reader.scanner.atEnd()) {
            reader.rule();
        }
        if (!reader.rules.containsKey(ROOT)) {
            throw new IllegalArgumentException("grammar: expected a rule \"root\", found the rules "
                    + String.join(", ", reader.rules.keySet()));
        }
        return reader.rules;
    }

    private void rule() {
        int position = scanner.position();
        String name = name();
        space(false);
        scanner.expect("::=");
        space(true);
        Expression right = choice(false);
        if (!scanner.atEnd() && !scanner.sees("\n") && !scanner.sees("\r")) {
            throw scanner.error("the end of a line after rule " + name);
        }
        space(true);
        if (rules.putIfAbsent(name, right) != null) {
            scanner.moveTo(position);
            throw scanner.error("each rule once");
        }
    }

    private String name() {
        String name = scanner.run(NAME);
        if (name.isEmpty()) {
            throw scanner.error("the name of a rule");
        }
        return name;
    }

    /** Skips blanks and comments. */
    private void space(boolean overLines) {
        while (true) {
            scanner.run(BLANKS);
            if (scanner.sees("#")) {
                scanner.run(NOT_LINE_END);
            } else if (!overLines || !(scanner.accept("\n") || scanner.accept("\r"))) {
                return;
            }
        }
    }

    /** @param nested true within a group, where lines may break anywhere */
    private Expression choice(boolean nested) {
        List<Expression> options = new ArrayList<>();
        options.add(sequence(nested));
        while (nextOption()) {
            space(true);
            options.add(sequence(nested));
        }
        return options.size() == 1 ? options.getFirst() : new Choice(options);
    }

    /** Reads a bar, also at the beginning of the next line. */
    private boolean nextOption() {
        int position = scanner.position();
        space(true);
        if (scanner.accept("|")) {
            return true;
        }
        scanner.moveTo(position);
        return false;
    }

    private Expression sequence(boolean nested) {
        List<Expression> parts = new ArrayList<>();
        while (scanner.sees("\"") || scanner.sees("[") || scanner.sees("(") || scanner.sees(".")
                || NAME.contains(scanner.peek())) {
            Expression item = item();
            space(nested);
            parts.add(repeated(item, nested));
        }
        if (scanner.sees("<") || scanner.sees("!<")) {
            throw scanner.unsupported(scanner.position(), "a token <…>; write its text as a literal");
        }
        return new Sequence(parts);
    }

    private Expression repeated(Expression item, boolean nested) {
        Expression repeated = item;
        while (scanner.sees("*") || scanner.sees("+") || scanner.sees("?") || scanner.sees("{")) {
            int min = scanner.sees("+") ? 1 : 0;
            int max = scanner.sees("?") ? 1 : Expression.UNLIMITED;
            if (scanner.accept("{")) {
                space(nested);
                min = scanner.sees(",") ? 0 : scanner.number();
                space(nested);
                max = min;
                if (scanner.accept(",")) {
                    space(nested);
                    max = scanner.sees("}") ? Expression.UNLIMITED : scanner.number();
                    space(nested);
                }
                if (max != Expression.UNLIMITED && max < min) {
                    throw scanner.error("bounds in ascending order before this character");
                }
                scanner.expect("}");
            } else {
                scanner.next("a repetition");
            }
            repeated = new Repeat(repeated, min, max);
            space(nested);
        }
        return repeated;
    }

    private Expression item() {
        if (scanner.accept("\"")) {
            List<Expression> characters = new ArrayList<>();
            while (!scanner.accept("\"")) {
                int c = character("the end of the literal");
                characters.add(new Characters(CodePoints.of(c, c)));
            }
            return new Sequence(characters);
        }
        if (scanner.accept("[")) {
            return new Characters(characterClass());
        }
        if (scanner.accept("(")) {
            space(true);
            scanner.enter();
            Expression inside = choice(true);
            scanner.leave();
            space(true);
            scanner.expect(")");
            return inside;
        }
        if (scanner.accept(".")) {
            return new Characters(CodePoints.ALL);
        }
        return new Call(name());
    }

    private CodePoints characterClass() {
        boolean negated = scanner.accept("^");
        List<CodePoints> members = new ArrayList<>();
        while (!scanner.accept("]")) {
            int first = character("the end of the class");
            int last = first;
            if (scanner.sees("-") && !scanner.sees("-]")) {
                scanner.accept("-");
                last = character("the end of the range");
            }
            if (last < first) {
                throw scanner.error("a range in ascending order before this character");
            }
            members.add(CodePoints.of(first, last));
        }
        CodePoints set = CodePoints.union(members);
        return negated ? set.complement() : set;
    }

    private int character(String expected) {
        int c = scanner.next(expected);
        if (c != '\\') {
            return c;
        }
        int position = scanner.position() - 1;
        int escaped = scanner.next("a character after \\");
        int value = switch (escaped) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case '"', '\\', '[', ']', '-' -> escaped;
            case 'x' -> scanner.hexadecimal(2);
            case 'u' -> scanner.hexadecimal(4);
            case 'U' -> scanner.hexadecimal(8);
            default -> throw scanner.unsupported(position, "\\" + Character.toString(escaped));
        };
        if (!Character.isValidCodePoint(value)
                || value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE) {
            scanner.moveTo(position);
            throw scanner.error("a code point that is no surrogate");
        }
        return value;
    }
}
