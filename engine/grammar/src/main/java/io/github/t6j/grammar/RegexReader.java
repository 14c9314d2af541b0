package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Characters;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.grammar.Expression.Repeat;
import io.github.t6j.grammar.Expression.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Reader of regular expressions as in ECMA-262 with the flag u, the form of JSON Schema's {@code pattern}. Where
 * dialects disagree, about rare spaces and line ends, only texts that match in all of them are accepted. Anchors are
 * allowed at the ends of the whole expression and of its options. Of Unicode's properties, the general categories are
 * supported. Look-around, back-references, word boundaries and flags are rejected by name.
 */
final class RegexReader {
    private static final CodePoints DIGITS = CodePoints.of('0', '9');
    private static final CodePoints WORD = CodePoints.of('0', '9', 'A', 'Z', 'a', 'z', '_', '_');
    /** Spaces in every dialect; ECMA-262 has further ones, which not all implementations accept. */
    private static final CodePoints SPACE = CodePoints.of(9, 13, ' ', ' ');
    private static final CodePoints ALL_SPACES =
            CodePoints.of(9, 13, ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A,
                    0x2028, 0x2029, 0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000, 0xFEFF, 0xFEFF);
    private static final CodePoints LINE_ENDS = CodePoints.of('\n', '\n', '\r', '\r', 0x85, 0x85, 0x2028, 0x2029);
    private static final CodePoints SYNTAX = CodePoints.anyOf("^$\\.*+?()[]{}|/");
    /** General categories by the numbers of {@link Character#getType}, two letters each. */
    private static final String CATEGORIES = "CnLuLlLtLmLoMnMeMcNdNlNoZsZlZpCcCf--CoCsPdPsPePcPoSmScSkSoPiPf";
    private static final Map<String, CodePoints> PROPERTIES = new ConcurrentHashMap<>(); // by category, once used
    private static final Expression ANYTHING =
            new Repeat(new Characters(CodePoints.ALL), 0, Expression.UNLIMITED);

    private final Scanner scanner;

    private RegexReader(String regex) {
        scanner = new Scanner("regex", regex);
    }

    /**
     * Returns the texts that match {@code regex} as a whole.
     *
     * @throws IllegalArgumentException if it is malformed or uses something unsupported
     */
    static Expression whole(String regex) {
        return new RegexReader(regex).read(Expression.EMPTY);
    }

    /** Returns the texts that contain a match of {@code regex}. */
    static Expression containing(String regex) {
        return new RegexReader(regex).read(ANYTHING);
    }

    /** Returns the expression that {@code text} alone matches. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder();
        text.codePoints().forEach(c -> quoted.append(SYNTAX.contains(c) ? "\\" : "").appendCodePoint(c));
        return quoted.toString();
    }

    /** @param around texts allowed before and after an option without an anchor */
    private Expression read(Expression around) {
        List<Expression> options = new ArrayList<>();
        do {
            Expression before = scanner.accept("^") ? Expression.EMPTY : around;
            Expression body = sequence();
            Expression after = scanner.accept("$") ? Expression.EMPTY : around;
            options.add(Expression.sequence(before, body, after));
        } while (scanner.accept("|"));
        if (!scanner.atEnd()) {
            throw scanner.error("the end of the expression");
        }
        return new Choice(options);
    }

    private Expression choice() {
        List<Expression> options = new ArrayList<>();
        do {
            options.add(sequence());
        } while (scanner.accept("|"));
        return options.size() == 1 ? options.getFirst() : new Choice(options);
    }

    private Expression sequence() {
        List<Expression> parts = new ArrayList<>();
        while (!scanner.atEnd() && !scanner.sees("|") && !scanner.sees(")") && !scanner.sees("$")) {
            parts.add(quantified(atom()));
        }
        if (scanner.sees("$")) {
            int position = scanner.position();
            scanner.accept("$");
            if (!scanner.atEnd() && !scanner.sees("|")) {
                throw scanner.unsupported(position, "the anchor $ before other characters or in a group");
            }
            scanner.moveTo(position);
        }
        return new Sequence(parts);
    }

    private Expression quantified(Expression atom) {
        int min;
        int max;
        if (scanner.accept("*")) {
            min = 0;
            max = Expression.UNLIMITED;
        } else if (scanner.accept("+")) {
            min = 1;
            max = Expression.UNLIMITED;
        } else if (scanner.accept("?")) {
            min = 0;
            max = 1;
        } else if (scanner.accept("{")) {
            min = scanner.number();
            max = !scanner.accept(",") ? min : scanner.sees("}") ? Expression.UNLIMITED : scanner.number();
            scanner.expect("}");
            if (max != Expression.UNLIMITED && max < min) {
                throw scanner.error("bounds in ascending order before this character");
            }
        } else {
            return atom;
        }
        scanner.accept("?"); // laziness chooses among matches, so the set of texts is the same
        return new Repeat(atom, min, max);
    }

    private Expression atom() {
        int position = scanner.position();
        if (scanner.accept("(")) {
            return group(position);
        }
        if (scanner.accept("[")) {
            return new Characters(characterClass());
        }
        if (scanner.accept(".")) {
            return new Characters(LINE_ENDS.complement());
        }
        if (scanner.accept("\\")) {
            return new Characters(escape(position, false, false));
        }
        if (scanner.sees("^")) {
            throw scanner.unsupported(position, "the anchor ^ after other characters or in a group");
        }
        int c = scanner.peek();
        if (SYNTAX.contains(c) && c != '/') {
            throw scanner.error("a character, a group or a class; a literal one is written with \\");
        }
        scanner.next("a character");
        return new Characters(CodePoints.of(c, c));
    }

    private Expression group(int position) {
        if (scanner.accept("?")) {
            if (scanner.sees("=") || scanner.sees("!") || scanner.sees("<=") || scanner.sees("<!")) {
                throw scanner.unsupported(position, "look-around (?" + Character.toString(scanner.peek()) + "…)");
            }
            if (scanner.accept("<")) {
                scanner.run(WORD);
                scanner.expect(">");
            } else if (!scanner.accept(":")) {
                throw scanner.unsupported(position, "the group (?" + Character.toString(scanner.peek()) + "…)");
            }
        }
        scanner.enter();
        Expression inside = choice();
        scanner.leave();
        scanner.expect(")");
        return inside;
    }

    private CodePoints characterClass() {
        boolean negated = scanner.accept("^");
        List<CodePoints> members = new ArrayList<>();
        while (!scanner.accept("]")) {
            int position = scanner.position();
            CodePoints first = classAtom(negated);
            if (scanner.sees("-") && !scanner.sees("-]")) {
                scanner.accept("-");
                CodePoints last = classAtom(negated);
                if (!isSingle(first) || !isSingle(last) || first.first(0) > last.first(0)) {
                    scanner.moveTo(position);
                    throw scanner.error("a range of two characters in ascending order");
                }
                members.add(CodePoints.of(first.first(0), last.first(0)));
            } else {
                members.add(first);
            }
        }
        CodePoints set = CodePoints.union(members);
        return negated ? set.complement() : set;
    }

    private static boolean isSingle(CodePoints set) {
        return set.ranges() == 1 && set.first(0) == set.last(0);
    }

    private CodePoints classAtom(boolean negated) {
        int position = scanner.position();
        int c = scanner.next("a character or ]");
        return c == '\\' ? escape(position, true, negated) : CodePoints.of(c, c);
    }

    /** @param negated true in a class whose complement is taken */
    private CodePoints escape(int position, boolean inClass, boolean negated) {
        int c = scanner.next("a character after \\");
        return switch (c) {
            case 'd' -> DIGITS;
            case 'D' -> DIGITS.complement();
            case 'w' -> WORD;
            case 'W' -> WORD.complement();
            case 's' -> negated ? ALL_SPACES : SPACE;
            case 'S' -> (negated ? SPACE : ALL_SPACES).complement();
            case 't' -> CodePoints.of('\t', '\t');
            case 'n' -> CodePoints.of('\n', '\n');
            case 'r' -> CodePoints.of('\r', '\r');
            case 'v' -> CodePoints.of(11, 11);
            case 'f' -> CodePoints.of('\f', '\f');
            case '0' -> CodePoints.of(0, 0);
            case 'p' -> property(position);
            case 'P' -> property(position).complement();
            case 'x' -> single(scanner.hexadecimal(2));
            case 'u' -> single(unicode());
            default -> {
                if (c == 'b' && inClass) {
                    yield CodePoints.of('\b', '\b');
                }
                if (WORD.contains(c) && c != '_') {
                    throw scanner.unsupported(position, "\\" + Character.toString(c));
                }
                yield CodePoints.of(c, c);
            }
        };
    }

    /** Returns the code points of a general category, such as {@code {L}} or {@code {Lu}}. */
    private CodePoints property(int position) {
        scanner.expect("{");
        String name = scanner.run(WORD);
        boolean isGroup = name.length() == 1 && "LMNPSZ".contains(name);
        int at = CATEGORIES.indexOf(name);
        if (!scanner.accept("}") || !isGroup && (name.length() != 2 || at % 2 != 0 || name.startsWith("C"))) {
            throw scanner.unsupported(position, "a property other than the general categories L, M, N, P, S, Z and"
                    + " theirs of two letters, such as \\p{Lu},");
        }
        return PROPERTIES.computeIfAbsent(name, _ -> CodePoints.matching(
                c -> CATEGORIES.startsWith(name, 2 * Character.getType(c))));
    }

    private static CodePoints single(int c) {
        return CodePoints.of(c, c);
    }

    private int unicode() {
        if (scanner.accept("{")) {
            String digits = scanner.run(CodePoints.of('0', '9', 'A', 'F', 'a', 'f'));
            if (digits.isEmpty() || digits.length() > 6 || Integer.parseInt(digits, 16) > Character.MAX_CODE_POINT) {
                throw scanner.error("a code point of at most 10FFFF before this character");
            }
            scanner.expect("}");
            return Integer.parseInt(digits, 16);
        }
        int unit = scanner.hexadecimal(4);
        if (unit <= Character.MAX_VALUE && Character.isHighSurrogate((char) unit) && scanner.accept("\\u")) {
            int low = scanner.hexadecimal(4);
            if (!Character.isLowSurrogate((char) low)) {
                throw scanner.error("a low surrogate before this character");
            }
            return Character.toCodePoint((char) unit, (char) low);
        }
        return unit;
    }
}
