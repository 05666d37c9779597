"""One pure function per question: tables in, a Report out."""
