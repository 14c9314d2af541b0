package io.github.t6j.chat.template;

import io.github.t6j.chat.template.TemplateToken.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Splits the inside of one tag into tokens: names, numbers, strings, operators. */
final class TagLexer {
    /** Operators, longer ones first. */
    private static final List<String> OPERATORS =
            List.of("//", "**", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/",
                    "%", "~", "(", ")", "[", "]", "{", "}", ".", ",", ":", "|", "=");
    private static final int LONGEST_INTEGER = 18;

    private final String source;
    private final boolean mayKeep;
    private final Deque<String> open = new ArrayDeque<>();
    private int at;
    private int line;
    private char sign;

    /** @param mayKeep true if a + may come before the tag's end */
    TagLexer(String source, int at, int line, boolean mayKeep) {
        this.source = source;
        this.at = at;
        this.line = line;
        this.mayKeep = mayKeep;
    }

    int line() {
        return line;
    }

    /** Returns the position of the tag's end, after it was read. */
    int at() {
        return at;
    }

    /** Returns the sign before the tag's end: - or +, or 0 without one. */
    char sign() {
        return sign;
    }

    boolean atEnd() {
        return at >= source.length();
    }

    private char charAt(int i) {
        return i < source.length() ? source.charAt(i) : '\0';
    }

    /** Adds the tokens up to {@code closing}, whose characters are operators inside brackets. */
    void read(String closing, List<TemplateToken> tokens) {
        while (true) {
            for (; Strings.isSpace(charAt(at)); at++) {
                line += charAt(at) == '\n' ? 1 : 0;
            }
            if (atEnd()) {
                throw new Fault(
                        "expected " + closing + " after the tag that begins here, found the end of the template");
            }
            if (open.isEmpty()) {
                char c = charAt(at);
                sign = c == '-' || c == '+' && mayKeep ? c : '\0';
                if (source.startsWith(closing, sign == '\0' ? at : at + 1)) {
                    return;
                }
            }
            tokens.add(token());
        }
    }

    private TemplateToken token() {
        char c = charAt(at);
        if (isDigit(c)) {
            return number();
        }
        if (isNamePart(c)) {
            int from = at;
            while (isNamePart(charAt(at))) {
                at++;
            }
            return new TemplateToken(Kind.NAME, source.substring(from, at), line);
        }
        return c == '"' || c == '\'' ? string(c) : operator();
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isNamePart(char c) {
        return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    private TemplateToken number() {
        int from = at;
        digits();
        boolean integer = true;
        if (from == 0 || charAt(from - 1) != '.') { // a.0.1 are two subscripts
            if (charAt(at) == '.' && isDigit(charAt(at + 1))) {
                integer = false;
                at++;
                digits();
            }
            int exponent = at + 1 + (charAt(at + 1) == '-' || charAt(at + 1) == '+' ? 1 : 0);
            if ((charAt(at) == 'e' || charAt(at) == 'E') && isDigit(charAt(exponent))) {
                integer = false;
                at = exponent;
                digits();
            }
        }
        String number = source.substring(from, at);
        if (isNamePart(charAt(at)) || integer && (number.length() > LONGEST_INTEGER || leadingZero(number))) {
            throw new Fault("expected a decimal number of at most " + LONGEST_INTEGER + " digits, found "
                    + source.substring(from, Math.min(at + 1, source.length())));
        }
        return new TemplateToken(integer ? Kind.INTEGER : Kind.FLOAT, number, line);
    }

    private static boolean leadingZero(String number) {
        return number.startsWith("0") && !number.matches("0+");
    }

    private void digits() {
        while (isDigit(charAt(at))) {
            at++;
        }
    }

    private TemplateToken string(char quote) {
        int began = line;
        StringBuilder text = new StringBuilder();
        for (at++; charAt(at) != quote; at++) {
            if (atEnd()) {
                throw new Fault(
                        "expected " + quote + " after the string that begins here, found the end of the template");
            }
            line += charAt(at) == '\n' ? 1 : 0;
            if (charAt(at) == '\\') {
                at++;
                escape(text);
            } else {
                text.append(charAt(at));
            }
        }
        at++;
        return new TemplateToken(Kind.STRING, text.toString(), began);
    }

    /** Reads one of Python's escapes, and stops at its last character; unknown ones keep their backslash. */
    private void escape(StringBuilder text) {
        char c = charAt(at);
        switch (c) {
            case '\n' -> line++;
            case '\\', '\'', '"' -> text.append(c);
            case 'a' -> text.append('\u0007');
            case 'b' -> text.append('\b');
            case 'f' -> text.append('\f');
            case 'n' -> text.append('\n');
            case 'r' -> text.append('\r');
            case 't' -> text.append('\t');
            case 'v' -> text.append('\u000b');
            case '0', '1', '2', '3', '4', '5', '6', '7' -> text.appendCodePoint(code(at, 3, 8));
            case 'x' -> text.appendCodePoint(code(at + 1, 2, 16));
            case 'u' -> text.appendCodePoint(code(at + 1, 4, 16));
            case 'U' -> text.appendCodePoint(code(at + 1, 8, 16));
            default -> {
                if (c == 'N' || c >= 128 || atEnd()) {
                    throw new Fault("expected a character's code after \\, found " + (atEnd() ? "the end" : c));
                }
                text.append('\\').append(c);
            }
        }
    }

    /** Returns the number of {@code length} digits from {@code from}; octal numbers may have fewer. */
    private int code(int from, int length, int radix) {
        int code = 0;
        int i = from;
        for (; i < from + length; i++) {
            int digit = charAt(i) < 128 ? Character.digit(charAt(i), radix) : -1;
            if (digit < 0 && (radix == 16 || i == from)) {
                throw new Fault("expected " + length + " hexadecimal digits in a string's escape, found others");
            }
            if (digit < 0) {
                break;
            }
            code = code * radix + digit;
            if (code > Character.MAX_CODE_POINT) {
                throw new Fault("expected a character's code in a string's escape, found a larger number");
            }
        }
        if (code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE) {
            throw new Fault("expected a character's code in a string's escape, found half of a"
                    + " surrogate pair: write \\U000xxxxx");
        }
        at = i - 1;
        return code;
    }

    private TemplateToken operator() {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                balance(operator);
                at += operator.length();
                return new TemplateToken(Kind.OPERATOR, operator, line);
            }
        }
        throw new Fault(
                "expected an expression, found the character '" + Character.toString(source.codePointAt(at)) + "'");
    }

    private void balance(String operator) {
        switch (operator) {
            case "(" -> open.push(")");
            case "[" -> open.push("]");
            case "{" -> open.push("}");
            case ")", "]", "}" -> {
                String expected = open.isEmpty() ? "no bracket" : "'" + open.pop() + "'";
                if (!expected.equals("'" + operator + "'")) {
                    throw new Fault("expected " + expected + ", found '" + operator + "'");
                }
            }
            default -> {
            }
        }
    }
}
