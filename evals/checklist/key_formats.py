"""The formats of well-known keys and tokens, by the prefixes and lengths that their issuers document."""

import re

_FORMATS = tuple(
    (kind, marks, re.compile(pattern))
    for kind, marks, pattern in (
        (
            "private key",
            ("PRIVATE KEY",),
            r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----",
        ),
        ("AWS access key", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)(?![A-Z0-9]{0,16}EXAMPLE)[A-Z0-9]{16}\b"),
        (
            "GitHub token",
            ("gh", "github_pat_"),
            r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b",
        ),
        ("GitLab token", ("gl",), r"\bgl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{20,}"),
        (
            "Slack token",
            ("xox", "xapp-"),
            r"\bxox[baprse]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Z0-9]{8,}-\d{8,}-[a-z0-9]{20,}",
        ),
        (
            "Slack webhook",
            ("hooks.slack.com",),
            r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9+/]{40,56}",
        ),
        ("Teams webhook", ("webhook.office.com",), r"\.webhook\.office\.com/webhookb2/[a-z0-9-]{36}@"),
        ("Stripe key", ("k_live_", "k_test_", "k_prod_"), r"\b[sr]k_(?:live|test|prod)_[A-Za-z0-9]{16,}"),
        ("Google API key", ("AIza",), r"\bAIza[0-9A-Za-z_-]{35}"),
        (
            "OpenAI key",
            ("sk-",),
            r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,200}T3BlbkFJ[A-Za-z0-9_-]{20,}|\bsk-[A-Za-z0-9]{48}\b",
        ),
        ("Anthropic key", ("sk-ant-",), r"\bsk-ant-[A-Za-z0-9_-]{24,}"),
        ("SendGrid key", ("SG.",), r"\bSG\.[A-Za-z0-9_-]{20,200}\.[A-Za-z0-9_-]{30,}"),
        ("Twilio key", ("SK",), r"\bSK[0-9a-f]{32}\b"),
        ("npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("PyPI token", ("pypi-",), r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
        ("Hugging Face token", ("hf_",), r"\bhf_[A-Za-z]{34}\b"),
        ("Groq key", ("gsk_",), r"\bgsk_[A-Za-z0-9]{40,}"),
        ("DigitalOcean token", ("_v1_",), r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
        ("Shopify token", ("shp",), r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
        ("Databricks token", ("dapi",), r"\bdapi[a-f0-9]{32}\b"),
        ("Telegram bot token", (":AA",), r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
        ("Grafana token", ("glc_", "glsa_"), r"\bgl(?:c|sa)_[A-Za-z0-9+/_]{32,}"),
        ("New Relic key", ("NR",), r"\bNR(?:AK|AL|II|JS)-[A-Za-z0-9]{19,}"),
        ("Pulumi token", ("pul-",), r"\bpul-[a-f0-9]{40}\b"),
        ("Prefect token", ("pnu_",), r"\bpnu_[a-z0-9]{36}\b"),
        ("README token", ("rdme_",), r"\brdme_[a-z0-9]{70}\b"),
        ("PlanetScale token", ("pscale_",), r"\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}"),
        ("Postman key", ("PMAK-",), r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b"),
        ("Linear key", ("lin_api_",), r"\blin_api_[A-Za-z0-9]{40}\b"),
        ("Doppler token", ("dp.pt.",), r"\bdp\.pt\.[A-Za-z0-9]{43}\b"),
        ("Vault token", ("hvs.", "hvb."), r"\bhv[sb]\.[A-Za-z0-9_-]{24,}"),
        ("Square token", ("sq0",), r"\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}"),
        ("Mailgun key", ("key-",), r"\bkey-[0-9a-f]{32}\b"),
        ("Mailchimp key", ("-us",), r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"),
        ("Airtable token", ("pat",), r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b"),
        ("Atlassian token", ("ATATT3",), r"\bATATT3[A-Za-z0-9_=-]{100,}"),
        ("Adobe secret", ("p8e-",), r"\bp8e-[a-z0-9]{32}\b"),
        ("Alibaba key", ("LTAI",), r"\bLTAI[A-Za-z0-9]{16,24}\b"),
        ("age key", ("AGE-SECRET-KEY",), r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
        ("Azure storage key", ("AccountKey=",), r"\bAccountKey=[A-Za-z0-9+/]{80,90}=="),
        ("signed token", ("eyJ",), r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    )
)


_ANY_MARK = re.compile("|".join(re.escape(mark) for _, marks, _ in _FORMATS for mark in marks))


def key_format(value: str) -> str:
    """The kind of well-known key that stands in a text, or empty."""
    if not _ANY_MARK.search(value):
        return ""
    for kind, marks, pattern in _FORMATS:
        if any(mark in value for mark in marks) and pattern.search(value):
            return kind
    return ""
