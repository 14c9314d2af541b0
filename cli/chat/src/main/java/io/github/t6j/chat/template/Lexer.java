package io.github.t6j.chat.template;

import io.github.t6j.chat.template.TemplateToken.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a template into tokens: text, and tags, which {@link TagLexer} splits. White space around tags is handled as
 * in Jinja2 with trim_blocks and lstrip_blocks. The line end after a block or comment is removed, and so are spaces
 * before one that comes first in its line. A - at either side of a tag removes all white space there, a + keeps it. The
 * template's last line end is removed.
 */
final class Lexer {
    private final String source;
    private final List<TemplateToken> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    /** True if the text read last ended a line. */
    private boolean lineStarts = true;

    Lexer(String template) {
        String lines = template.replace("\r\n", "\n").replace('\r', '\n');
        source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    }

    /** Returns the current line, for errors. */
    int line() {
        return line;
    }

    List<TemplateToken> tokens() {
        while (at < source.length()) {
            int open = opening();
            if (open < 0) {
                data(source.substring(at));
                moveTo(source.length());
            } else {
                char mark = source.charAt(open + 1);
                char sign = open + 2 < source.length() ? source.charAt(open + 2) : '\0';
                boolean signed = sign == '-' || sign == '+';
                data(before(source.substring(at, open), mark, signed ? sign : '\0'));
                moveTo(open + (signed ? 3 : 2));
                inside(mark);
            }
        }
        tokens.add(new TemplateToken(Kind.END, "", line));
        return tokens;
    }

    private void inside(char mark) {
        if (mark == '#') {
            comment();
        } else if (mark == '{') {
            tag(Kind.PRINT_BEGIN, Kind.PRINT_END, "}}");
        } else if (!raw()) {
            tag(Kind.BLOCK_BEGIN, Kind.BLOCK_END, "%}");
        }
    }

    /** Returns the start of the next tag or comment, or -1. */
    private int opening() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    /** Returns the part of the text before a tag that remains. */
    private String before(String text, char mark, char sign) {
        if (sign == '-') {
            return Strings.strip(text, null, false, true);
        }
        int start = text.lastIndexOf('\n') + 1;
        boolean first = (start > 0 || lineStarts) && Strings.isBlank(text.substring(start));
        return first && sign != '+' && mark != '{' ? text.substring(0, start) : text;
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            tokens.add(new TemplateToken(Kind.DATA, text, line));
        }
    }

    private void moveTo(int to) {
        line += (int) source.substring(at, to).chars().filter(c -> c == '\n').count();
        lineStarts = to > 0 && source.charAt(to - 1) == '\n';
        at = to;
    }

    private void comment() {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw new Fault("expected #} after the comment that begins here, found the end of the template");
        }
        close(end + 2, end > at ? source.charAt(end - 1) : '\0', true);
    }

    /** Skips a tag that ends before {@code end}, and the white space after it that is removed. */
    private void close(int end, char sign, boolean trims) {
        moveTo(end);
        if (sign == '-') {
            moveTo(behindSpace(at));
        } else if (trims && sign != '+' && source.startsWith("\n", at)) {
            moveTo(at + 1);
        }
    }

    private void tag(Kind begin, Kind end, String closing) {
        int began = line;
        tokens.add(new TemplateToken(begin, begin == Kind.PRINT_BEGIN ? "{{" : "{%", line));
        TagLexer tag = new TagLexer(source, at, line, end == Kind.BLOCK_END);
        try {
            tag.read(closing, tokens);
        } catch (Fault fault) {
            line = tag.atEnd() ? began : tag.line();
            throw fault;
        }
        moveTo(tag.at());
        tokens.add(new TemplateToken(end, closing, line));
        close(tag.at() + closing.length() + (tag.sign() == '\0' ? 0 : 1), tag.sign(), end == Kind.BLOCK_END);
    }

    /** Copies the text between raw and endraw; returns false if another tag begins. */
    private boolean raw() {
        int[] opened = keyword(at, "raw");
        if (opened == null || opened[1] == '+') {
            return false;
        }
        close(opened[0], (char) opened[1], false);
        for (int open = source.indexOf("{%", at); open >= 0; open = source.indexOf("{%", open + 2)) {
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : '\0';
            boolean signed = sign == '-' || sign == '+';
            int[] closed = keyword(open + (signed ? 3 : 2), "endraw");
            if (closed != null) {
                data(before(source.substring(at, open), '%', signed ? sign : '\0'));
                close(closed[0], (char) closed[1], true);
                return true;
            }
        }
        throw new Fault("expected {% endraw %} after the {% raw %} that begins here, found the end of the template");
    }

    /**
     * Returns {behind, sign} of a tag with {@code word} as its only content, which begins at {@code from}; null for
     * another tag.
     */
    private int[] keyword(int from, String word) {
        int i = behindSpace(from);
        if (!source.startsWith(word, i)) {
            return null;
        }
        i = behindSpace(i + word.length());
        char sign = i < source.length() && "-+".indexOf(source.charAt(i)) >= 0 ? source.charAt(i++) : '\0';
        return source.startsWith("%}", i) ? new int[] {i + 2, sign} : null;
    }

    private int behindSpace(int from) {
        int i = from;
        while (i < source.length() && Strings.isSpace(source.charAt(i))) {
            i++;
        }
        return i;
    }
}
