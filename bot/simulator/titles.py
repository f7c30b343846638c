"""What invented people do and what they are up to: titles and custom statuses, drawn with dice handed in."""

import random

RANKS = ("", "", "", "Junior ", "Senior ", "Senior ", "Lead ", "Principal ", "Staff ", "Associate ")

TRADES = (
    "Software Engineer",
    "Software Engineer",
    "Backend Engineer",
    "Frontend Engineer",
    "Site Reliability Engineer",
    "Data Engineer",
    "Data Scientist",
    "Machine Learning Engineer",
    "Security Engineer",
    "QA Engineer",
    "Mobile Engineer",
    "Product Manager",
    "Product Designer",
    "UX Researcher",
    "Technical Writer",
    "Account Executive",
    "Account Manager",
    "Customer Success Manager",
    "Support Specialist",
    "Solutions Architect",
    "Marketing Manager",
    "Content Strategist",
    "Brand Designer",
    "Financial Analyst",
    "Accountant",
    "Recruiter",
    "People Partner",
    "Legal Counsel",
    "Procurement Specialist",
    "Logistics Coordinator",
    "Research Chemist",
    "Field Technician",
    "Cartographer",
    "Translator",
)

HEADS = (
    "Head of Engineering",
    "Head of People",
    "Head of Design",
    "VP Sales",
    "Director of Research",
    "Director, Customer Care & Quality",
    "Engineering Manager, Platform",
    "Engineering Manager, Payments",
    "Office Manager",
    "Team Assistant",
    "Chief of Staff",
    "Regional Manager, Northern Europe",
    "Working Student",
    "Intern",
)

STATUSES = (
    ("On holiday", ":palm_tree:", "1f334"),
    ("On holiday until Monday", ":palm_tree:", "1f334"),
    ("In a meeting", ":spiral_calendar_pad:", "1f5d3-fe0f"),
    ("Commuting", ":bus:", "1f68c"),
    ("On the train, patchy signal", ":train2:", "1f686"),
    ("Out sick", ":face_with_thermometer:", "1f912"),
    ("Working remotely", ":house_with_garden:", "1f3e1"),
    ("Working from the Lisbon office", ":sunny:", "2600-fe0f"),
    ("Focus time, back at 3", ":headphones:", "1f3a7"),
    ("Deep in the code", ":male-technologist:", "1f468-200d-1f4bb"),
    ("Lunch", ":ramen:", "1f35c"),
    ("Coffee, then everything else", ":coffee:", "2615"),
    ("On call this week", ":pager:", "1f4df"),
    ("Parental leave", ":baby_bottle:", "1f37c"),
    ("At a conference", ":microphone:", "1f3a4"),
    ("Reviewing pull requests", ":eyes:", "1f440"),
    ("Writing the quarterly report", ":memo:", "1f4dd"),
    ("Walking the dog", ":dog:", "1f436"),
    ("At the dentist", ":tooth:", "1f9b7"),
    ("Cycling to work", ":bike:", "1f6b2"),
    ("Shipping it", ":rocket:", "1f680"),
    ("", ":seedling:", "1f331"),
    ("Showing customers around", ":meridian:", ""),
    ("Moving desks", ":dancing-parcel:", ""),
)
"""A custom status, its emoji, and the code points of the emoji; those of the workspace's own have none."""

EMOJI = {emoji: unicode for _, emoji, unicode in STATUSES if unicode}


def title(dice: random.Random) -> str:
    """A job title; one in nine leads something."""
    if dice.random() < 0.11:
        return dice.choice(HEADS)
    return dice.choice(RANKS) + dice.choice(TRADES)
